import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { type QueueEnd, queueFailure } from '../src/reply.ts'

const failure = (code: QueueEnd['code'], custom = '', cut = false) => queueFailure({ code, cut, custom: bytes(custom) })
const temporary = (text: string) => ({ permanent: false, text })
const permanent = (text: string) => ({ permanent: true, text })

t.test('exit codes', async (t) => {
  t.equal(failure(0), undefined)
  t.same(failure(11), permanent('envelope address too long for qq (#5.1.3)'))
  t.same(failure(115), failure(11))
  t.same(failure(31), permanent('mail server permanently rejected message (#5.3.0)'))
  for (const code of [12, 30, 32, 40]) t.same(failure(code), permanent('qq permanent problem (#5.3.0)'), String(code))
  for (const code of [1, 10, 41, 50, 57, 60, 67, 70, 99, 100, 111, 127, 255])
    t.same(failure(code), temporary('qq temporary problem (#4.3.0)'), String(code))
  for (const [code, text] of [
    [51, 'qq out of memory (#4.3.0)'],
    [52, 'qq timeout (#4.3.0)'],
    [53, 'qq write error or disk full (#4.3.0)'],
    [54, 'qq read error (#4.3.0)'],
    [55, 'qq unable to read configuration (#4.3.0)'],
    [56, 'qq trouble making network connection (#4.3.0)'],
    [61, 'qq trouble in home directory (#4.3.0)'],
    [62, 'qq trouble creating files in queue (#4.3.0)'],
    [66, 'qq trouble creating files in queue (#4.3.0)'],
    [71, 'mail server temporarily rejected message (#4.3.0)'],
    [72, 'connection to mail server timed out (#4.4.1)'],
    [73, 'connection to mail server rejected (#4.4.1)'],
    [74, 'communication with mail server failed (#4.4.2)'],
    [81, 'qq internal bug (#4.3.0)'],
    [91, 'qq internal bug (#4.3.0)'],
    [120, 'unable to exec qq (#4.3.0)'],
    ['crashed', 'qq crashed (#4.3.0)'],
    ['lost', 'qq waitpid surprise (#4.3.0)'],
  ] as const)
    t.same(failure(code), temporary(text), String(code))
})

t.test('success after a failed write is none', async (t) => {
  t.same(failure(0, '', true), temporary('qq read error (#4.3.0)'))
  t.same(failure(31, '', true), failure(31))
})

t.test('custom errors', async (t) => {
  const other = temporary('qq temporary problem (#4.3.0)')
  for (const [custom, wanted] of [
    ['Dno thanks (#5.7.1)', permanent('no thanks (#5.7.1)')],
    ['Zlater', temporary('later')],
    ['dlater', temporary('later')],
    ['\0later', temporary('later')],
    ['Dbad\r\n250 ok', permanent('bad')],
    ['Dbad\n250 ok', permanent('bad')],
    ['Dbad\rx', permanent('bad')],
    ['Da\tb\x7f\x01\xff', permanent('a?b??\xff')],
    ['Dcut\0here', permanent('cut')],
    ['D\0text', other],
    ['D\r\ntext', other],
    ['Dx', other],
    ['Z', other],
    ['', other],
    [`D${'x'.repeat(1000)}`, permanent('x'.repeat(254))],
  ] as const)
    t.same(failure(82, custom), wanted, JSON.stringify(custom).slice(0, 40))
  t.same(failure(31, 'Dno thanks'), failure(31))
  t.equal(failure(0, 'Dno thanks'), undefined)
})
