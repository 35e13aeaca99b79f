import t from 'tap'
import { printable, receivedSpf } from '../src/received.ts'
import { clientIn, type Traits } from './lib/client.ts'

const field = (traits: Traits, receiver = 'me.example') => receivedSpf({ ...clientIn({}, traits), receiver }, 'none')

t.test('values', async (t) => {
  const helo = (text: string) => / helo=(.*);$/.exec(field({ helo: text }))?.[1]
  const good = ['a', 'a.b', 'a@b', "a!#$%&'*+-/=?^_`{|}~z.x@y.z", '1']
  for (const text of good) t.equal(helo(text), text)
  const quoted = ['', '.', 'a.', '.a', 'a..b', '@', 'a@', '@a', 'a@b@c', 'a b', '[1.2.3.4]', 'a;b', '(a)', 'a,b', 'a:b']
  for (const text of quoted) t.equal(helo(text), `"${text}"`)
  t.equal(helo('"'), '"\\""')
  t.equal(helo('\\'), '"\\\\"')
  t.equal(helo('a\\"; x=y'), '"a\\\\\\"; x=y"')
  t.equal(helo('a\nb\r\0\t\x7f\xe9c'), 'a?b?????c', 'one line of ASCII')
  t.match(field({ sender: 'a"b\n@c.example' }), / envelope-from="a\\"b\?@c\.example"; helo=/)
  t.match(field({ sender: '', helo: 'h.example' }), / envelope-from=postmaster@h\.example; helo=h\.example;$/)
  t.match(field({ sender: '', helo: '' }), / envelope-from="postmaster@"; helo="";$/)
})

t.test('the comment is one comment', async (t) => {
  const text = field({ sender: 'x@a) client-ip=1.2.3.4; (b\\.example\n' }, 'me(\x80')
  const start =
    'Received-SPF: none (me\\(?: domain of a\\) client-ip=1.2.3.4; \\(b\\\\.example? does not provide an SPF record) '
  t.equal(text.slice(0, start.length), start)
  const domain = (of: string) => / domain of (.*) does not /.exec(field({ sender: `x@${of}` }))?.[1]
  for (const nested of ['a(b).example', '((a)())', 'a\\b', 'a\\)', '\\\\']) t.equal(domain(nested), nested)
  t.equal(domain('(a'), '\\(a', 'it would go on')
  t.equal(domain('a)(b'), 'a\\)\\(b', 'it would end')
  t.equal(domain('(a\\)'), '\\(a\\\\\\)', 'what is quoted is no counterpart')
  t.equal(domain('(a)\\'), '\\(a\\)\\\\', 'what comes next would be quoted')
  t.match(text.slice(start.length), /^client-ip=192\.0\.2\.1; envelope-from="x@a\) [^\n]*$/)
})

t.test('comments', async (t) => {
  const client = clientIn({}, { ip: '2001:DB8:0::1' })
  const comment = (result: Parameters<typeof receivedSpf>[1], remark?: string) =>
    /^Received-SPF: (\w+ .*) client-ip=2001:db8::1; /.exec(receivedSpf(client, result, remark))?.[1]
  t.equal(comment('pass'), 'pass (me.example: domain of a.example designates 2001:db8::1 as permitted sender)')
  t.equal(comment('fail'), 'fail (me.example: domain of a.example does not designate 2001:db8::1 as permitted sender)')
  t.equal(
    comment('softfail'),
    'softfail (me.example: transitioning domain of a.example does not designate 2001:db8::1 as permitted sender)',
  )
  t.equal(
    comment('neutral'),
    'neutral (me.example: 2001:db8::1 is neither permitted nor denied by domain of a.example)',
  )
  t.equal(comment('none'), 'none (me.example: domain of a.example does not provide an SPF record)')
  t.equal(comment('temperror'), 'temperror (me.example: error in processing during lookup of a.example)')
  t.equal(comment('permerror', ' (x)'), 'permerror (me.example: error in processing during lookup of a.example (x))')
})

t.equal(printable('a~ \x1f\x7f\x80\xff\n'), 'a~ ?????')
