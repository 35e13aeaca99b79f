import { readFileSync } from 'node:fs'
import { latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import {
  defaultRules,
  HeaderBuffer,
  type HostRule,
  parseRules,
  rewriteAddress,
  rewriteHeader,
  rewriteHost,
  type Submission,
  timeDigits,
  utcTime,
  writeDate,
} from '../src/index.ts'
import { joined, plainEntries } from './lib/plain-list.ts'
import { listText, random } from './lib/random.ts'

const NOW = utcTime(812090814)

const submission: Submission = {
  received: '',
  rules: [],
  sender: 'me@host.example',
  name: undefined,
  time: NOW,
  newId: (digits) => `${digits}@id`,
}

function rewritten(header: string, more: Partial<Submission> = {}): string {
  let out = ''
  rewriteHeader(header, { ...submission, ...more }, (text) => {
    out += text
  })
  return out
}

/** A line of the recorded cases. */
interface Recorded {
  readonly name: string
  readonly in: string
  readonly config: Readonly<Record<string, string>>
  readonly envvars?: Readonly<Record<string, string>>
  readonly mailfrom?: string
  readonly names?: ReadonlyArray<readonly [string, string, string]>
  readonly out: string
}

function rulesOf({ config, envvars = {} }: Recorded): { rules: HostRule[]; idHost: string } {
  const line = (name: string) => config[name]?.split('\n')[0]?.trimEnd()
  const value = (name: string) =>
    envvars[`QMAIL${name.toUpperCase()}`] ?? line(name) ?? line('me') ?? name.toUpperCase()
  const rules =
    config['rewrite'] !== undefined
      ? parseRules(config['rewrite'])
      : defaultRules({
          defaulthost: value('defaulthost'),
          defaultdomain: value('defaultdomain'),
          plusdomain: value('plusdomain'),
        })
  return { rules, idHost: rewriteHost(value('idhost'), rules) }
}

t.test('what the original makes of it', async (t) => {
  const cases: readonly Recorded[] = JSON.parse(readFileSync('test/cases/rewrite.json', 'utf8'))
  for (const recorded of cases) {
    const { rules, idHost } = rulesOf(recorded)
    const from = rewriteAddress((recorded.mailfrom ?? 'me@host.example').replaceAll('"', ''), rules)
    const found = recorded.names?.find(([key]) => key === from)
    const newId = (digits: string) => `${digits}.1.{PID}.qmail@${idHost}`
    const buffer = new HeaderBuffer(100_000)
    buffer.add(Buffer.from(recorded.in, 'latin1'))
    const rest = latin1(buffer.rest)
    const header = rewritten(latin1(buffer.header), { rules, sender: found?.[2] ?? from, name: found?.[1], newId })
    const wanted = recorded.out.replaceAll('{NOW}', writeDate(NOW)).replaceAll('{NOWDIGITS}', timeDigits(NOW))
    t.equal(header + (rest === '' || rest.startsWith('\n') ? rest : `\n${rest}`), wanted, recorded.name)
  }
  t.ok(cases.length > 100)
})

t.test('what stays in place of what', async (t) => {
  const start = 'Date: 26 Sep 1995 04:46:54 -0000\nMessage-ID: <19950926044654@id>\n'
  t.equal(rewritten(''), `${start}From: me@host.example\nCc: recipient list not shown: ;\n`)
  t.match(rewritten('', { sender: '' }), '\nFrom: <>\n')
  t.match(rewritten('', { sender: 'joe@' }), '\nFrom: joe\n', 'no rules, no host')
  t.match(rewritten('', { sender: 'a b@c' }), '\nFrom: "a b"@c\n')
  const long = `${'x'.repeat(100)}@h`
  t.match(rewritten('', { sender: long, name: 'y'.repeat(100) }), `\nFrom: "${'y'.repeat(100)}" <${long}>\n`)
  t.match(
    rewritten('From: a\nSender: b\nReply-To: c\n', { name: 'N' }),
    '"N" <me@host.example>\nSender: b\nReply-To: c\n',
  )
  t.notMatch(rewritten('From: a\n', { name: '' }), 'From: a')
  t.match(rewritten('From: ,\n'), '\nFrom: me@host.example\n', 'a list of nothing')
  t.match(rewritten('From: (x)\n'), '\nFrom: "x": ;\n', 'a note is something')
})

t.test('the Received line goes first', async (t) => {
  t.match(rewritten('Received: old\n', { received: 'Received: new\n' }), /^Received: new\nReceived: old\nDate: /)
})

t.test('output comes in pieces, but not in crumbs', async (t) => {
  const pieces: string[] = []
  const header = `${'a:\nReceived:\n'.repeat(50_000)}X: ${'x'.repeat(1_000_000)}\nTo: ${'a@b.c, '.repeat(50_000)}\n`
  rewriteHeader(header, submission, (text) => void pieces.push(text))
  t.ok(pieces.length < 100)
  t.ok(Math.max(...pieces.map((piece) => piece.length)) < 200_000)
  t.equal(pieces.join('').length, rewritten(header).length)
})

t.test('blind recipients are not told', async (t) => {
  const header = ['Bcc', 'Resent-Bcc', 'BCC ', 'resent-bcc']
    .map((name) => `${name}: secret@x.y,\n secret@z.w\n`)
    .join('')
  t.notMatch(rewritten(`${header}To: a\n`), 'secret')
})

t.test('lists of several fields', async (t) => {
  const to = (header: string) => /^To: (.*?)\n(?! )/ms.exec(rewritten(header))?.[1]
  t.equal(to('To: a\nX: y\nTo: b\n'), 'a, b')
  t.equal(to('To: (x)\nTo: a\n'), '"x" <a>')
  t.equal(to('To: (x)\nTo: (y)\nTo: a, b\n'), '"x": ;, "y" <a>, b')
  t.equal(to('To: (x)\nTo: a (y)\n'), '"x": ;, "y" <a>')
  t.equal(to('To: (x), ,;\nTo: ,\nTo: <>\n'), '"x" <>')
  t.equal(to('To: "open\nTo: a>\nTo: b\n'), 'open, a, b', 'nothing reaches into another field')
})

t.test('what is printed is read as the same', async (t) => {
  const pick = random(2822)
  const rules = defaultRules({ defaulthost: 'dh.ex', defaultdomain: 'dd.ex', plusdomain: 'plus.ex' })
  const full = (address: string) => rewriteAddress(address, rules)
  const field = (text: string) => rewritten(`Cc: ${text}\n`).split('\n').slice(3).join('\n').replace(/^Cc:/, '')
  let tried = 0
  for (; tried < 10_000; tried++) {
    const text = listText(pick, 12)
    const entries = joined(plainEntries(text))
    if (entries.length === 0) continue
    const printed = field(text)
    const again = joined(plainEntries(printed.replaceAll('\n', '')))
    if (JSON.stringify(again) !== JSON.stringify(entries)) t.same(again, entries, JSON.stringify(text))
    if (field(printed.slice(0, -1)) !== printed) t.equal(field(printed.slice(0, -1)), printed, JSON.stringify(text))
    const stable = entries.every(({ address = '' }) => full(full(address)) === full(address))
    const once = rewritten(`Cc: ${text}\n`, { rules })
    if (stable && rewritten(once, { rules }) !== once) t.equal(rewritten(once, { rules }), once, JSON.stringify(text))
  }
  t.equal(tried, 10_000)
})

t.test('a NUL in a field and a NUL in a rule are the same', async (t) => {
  const rules = parseRules('*b\0:c\0d\n')
  const out = rewritten('To: x@ab\0, (n\0) y@z\n', { rules, sender: 'x@ac\nd' })
  t.match(out, '\nFrom: x@"ac\\\0d"\nTo: x@"ac\\\0d", "n\\\0" <y@z>\n')
})
