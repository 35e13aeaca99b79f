import { parseKeywords } from '@moreqmail/smtp/client'
import t from 'tap'
import { parseOptions, replyOf } from '../src/options.ts'

const parse = (line: string) => parseOptions(line === '' ? [] : line.split(' '))
const DEFAULTS = { timeout: 1200, readFrom: 6, writeTo: 7, helohost: undefined }

t.test('options', async (t) => {
  t.same(parse(''), { ...DEFAULTS, rest: [] })
  t.same(parse('ip s r'), { ...DEFAULTS, rest: ['ip', 's', 'r'] })
  const all = { timeout: 5, readFrom: 8, writeTo: 9, helohost: 'h.example', rest: ['ip', '-t', '--'] }
  for (const line of [
    '-t 5 -6 8 -7 9 -h h.example ip -t --',
    '-t5 -68 -79 -hh.example -- ip -t --',
    '--timeoutremote 5 --fdr 8 --fdw 9 --helohost h.example ip -t --',
    '--timeoutremote=5 --fdr=8 --fdw=9 --helohost=h.example -- ip -t --',
    '-t 7 -t5 --fdr=0 --fdr 8 -79 -h x -hh.example ip -t --',
  ])
    t.same(parse(line), all, line)
  t.same(parse('-h -t -- ip'), { ...DEFAULTS, helohost: '-t', rest: ['ip'] })
  t.same(parse('--helohost= ip'), { ...DEFAULTS, helohost: '', rest: ['ip'] })
  t.same(parse('--helohost=a=b ip'), { ...DEFAULTS, helohost: 'a=b', rest: ['ip'] })
  t.same(parse('- ip'), { ...DEFAULTS, rest: ['-', 'ip'] })
  t.same(parseOptions(['', '-t']), { ...DEFAULTS, rest: ['', '-t'] })
  t.same(parseOptions(['-ha\nb', 'ip']), { ...DEFAULTS, helohost: 'a\nb', rest: ['ip'] })
})

t.test('misuse', async (t) => {
  for (const bad of ['x', '5s', '-1', '', '99999999999', '1.5', ' 5']) {
    t.equal(parseOptions(['-t', bad, 'ip', 's', 'r']), 'invalid timeoutremote', bad)
    t.equal(parseOptions([`--fdr=${bad}`]), 'invalid fdr', bad)
    t.equal(parseOptions(['--fdw', bad]), 'invalid fdw', bad)
  }
  for (const line of ['-t', '-6', '--fdw', '-h h -t']) t.equal(parse(line), 'too few arguments', line)
  for (const line of ['-x', '--fd 5', '--timeoutremotes=5', '---', '-5', '--help'])
    t.equal(parse(line), 'invalid option')
})

t.test('keywords', async (t) => {
  const keywords = (text: string) => [...parseKeywords({ code: 250, text: replyOf(text) })]
  t.same(keywords('SIZE 1000\npipelining\nAUTH PLAIN LOGIN\nAUTH=CRAM-MD5\n'), [
    ['SIZE', '1000'],
    ['PIPELINING', ''],
    ['AUTH', 'PLAIN LOGIN CRAM-MD5'],
  ])
  t.same(keywords(''), [])
})
