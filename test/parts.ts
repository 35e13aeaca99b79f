/** The parts of the player that decide without playing: patterns, pending cases, what a case needs. */
import t from 'tap'
import { shown } from './lib/bytes.ts'
import { answer } from './lib/name-server.ts'
import { matchesWhole, search } from './lib/pattern.ts'
import { missingTool, parsePending, programsIn, programsOf } from './lib/plan.ts'

t.test('patterns: what is searched', async (t) => {
  const matches: ReadonlyArray<readonly [string, string]> = [
    ['a.b', 'xa\nby'],
    ['a$', 'a\n'],
    ['^a', 'ab'],
    ['a\\n\\Z', 'a\n'],
    ['\\A[]x]+\\Z', ']x]'],
    ['[^]x]', 'a'],
    ['a{,2}b', 'aab'],
    ['x{y}', 'x{y}'],
    ['\\s\\S', '\n\xa0'],
    ['[\\S]', '\xa0'],
    ['(?i)aB', 'Ab'],
    ['(?m)^b$', 'a\nb\nc'],
    ['(?P<q>a+)b(?P=q)\\Z', 'aabaa'],
    ['a\\ b\\\nc\\#\\-', 'a b\nc#-'],
    ['(?!b)a(?=b)(?<=a)b(?<!a)', 'ab'],
    ['\\a\\x41\\t', '\x07A\t'],
  ]
  for (const [pattern, text] of matches) t.ok(search(pattern, text), `${shown(pattern)} is in ${shown(text)}`)
  const others: ReadonlyArray<readonly [string, string]> = [
    ['a$', 'a\n\n'],
    ['^b', 'a\nb'],
    ['a\\Z', 'a\n'],
    ['a{,1}b\\Z', 'aac'],
    ['\\s', '\xa0\x85'],
    ['\\S', ' \t\r\n\v\f'],
    ['[]x]', 'a['],
    ['aB', 'ab'],
  ]
  for (const [pattern, text] of others) t.notOk(search(pattern, text), `${shown(pattern)} is not in ${shown(text)}`)
})

t.test('patterns: a whole line', async (t) => {
  t.ok(matchesWhole('a|ab', 'ab'))
  t.notOk(matchesWhole('a', 'ab'))
  t.notOk(matchesWhole('a.', 'a\n'), 'a dot is no line feed here')
  t.ok(matchesWhole('a.', 'a\r'))
})

t.test('patterns: what has no translation is an error', async (t) => {
  for (const pattern of ['\\q', '(?>a)', '(?a:b)', '[a', 'a\\']) t.throws(() => search(pattern, ''), pattern)
})

t.test('pending cases', async (t) => {
  const [first, second, ...more] = parsePending('# comment\n\nsmtpd-.*-x   not done yet\nauth-(a|b) later\n')
  t.match(first, { reason: 'not done yet' })
  t.ok(first?.pattern.test('smtpd-a-x'))
  t.notOk(first?.pattern.test('smtpd-a-xy'), 'whole names')
  t.notOk(second?.pattern.test('xauth-a'), 'whole names')
  t.strictSame(more, [])
  t.throws(() => parsePending('smtpd-x\n'), 'a reason is needed')
})

t.test('what a case needs', async (t) => {
  const programs = programsOf([
    { name: 'a', argv: ['qmail-a'] },
    { name: 'b', argv: ['qmail-a-b'] },
    { name: 'c', argv: ['sh', '-c', 'exec qmail-c'] },
  ])
  t.strictSame([...programs], ['qmail-a', 'qmail-a-b', 'qmail-c'])
  t.strictSame(programsIn({ name: 'd', argv: ['sh', '-c', 'x=1; qmail-a-b <y'] }, programs), ['qmail-a-b'])
  t.strictSame(programsIn({ name: 'e', argv: ['x'], env: { Q: 'bin/qmail-a' } }, programs), ['qmail-a'])
  t.strictSame(programsIn({ name: 'f', argv: ['x'], files: { f: { text: 'qmail-a\nqmail-a-b\n' } } }, programs), [
    'qmail-a',
    'qmail-a-b',
  ])
  t.equal(missingTool({ name: 'g', argv: ['x', 'python3', '{TLS}/app.py'] }, ['/none']), 'python3')
  t.equal(missingTool({ name: 'h', argv: ['x', 'perl'] }, ['/none']), undefined)
})

t.test('bytes in a failure', async (t) => {
  t.equal(shown("a'\\\r\n\t\0\xff"), "'a\\'\\\\\\r\\n\\t\\x00\\xff'")
  t.ok(shown('x'.repeat(1e6)).length < 2000)
})

t.test('name server: packets', async (t) => {
  const query = (name: string, type: number, more = ''): Buffer => {
    const labels = name.split('.').map((label) => String.fromCharCode(label.length) + label)
    const edns = more === '' ? '\0' : '\x01'
    const head = `\x12\x34\x01\0\0\x01\0\0\0\0\0${edns}${labels.join('')}\0\0${String.fromCharCode(type)}\0\x01`
    return Buffer.from(head + more, 'latin1')
  }
  const zone = { 'a.example': { TLSA: [[3, 1, 1, 'abcd'] as const], TXT: 'x'.repeat(600), A: ['192.0.2.1'] } }
  const tlsa = answer(zone, query('A.example', 52), true)
  t.equal(tlsa?.toString('hex', 0, 12), '123481800001000100000000', 'recursion, no error, one answer')
  t.equal(tlsa?.toString('latin1', 12, 23), '\x01A\x07example\0', 'the question as it came')
  t.equal(tlsa?.subarray(-7).toString('hex'), '0005030101abcd')
  t.equal(answer(zone, query('b.example', 1), true)?.[3], 0x83, 'no such name')
  const cut = answer(zone, query('a.example', 16), true)
  t.strictSame([(cut?.[2] ?? 0) & 2, cut?.[7]], [2, 0], 'too long for UDP: truncated, without answers')
  t.equal(answer(zone, query('a.example', 16), false)?.[7], 1, 'not too long for TCP')
  const extended = '\0\0\x29\x04\xd0\0\0\0\0\0\0'
  t.equal(answer(zone, query('a.example', 16, extended), true)?.[7], 1, 'nor where the asker has room')
  t.equal(answer({ 'a.example': 'TIMEOUT' }, query('a.example', 1), true), undefined)
  t.equal(answer({}, Buffer.alloc(12), true), undefined, 'a header alone')
  t.equal(answer({}, query('a', 1).subarray(0, -3), false), undefined, 'cut off')
  t.equal(answer({}, tlsa ?? Buffer.alloc(0), true), undefined, 'an answer')
})
