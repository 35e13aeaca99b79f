import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NameServer } from '../../../test/lib/name-server.ts'
import { OpenDkim, verifiedBy } from './lib/opendkim.ts'
import { home, run, write } from './lib/run.ts'

const DKIMPY = '/usr/lib/python3/dist-packages/dkim/__init__.py'
const lack = (path: string) => !existsSync(path) && `needs ${path}`

const HEADER = [
  'Received: from a by b; Fri, 20 Nov 2026 07:00:00 +0000',
  'From: "Joe, A." <joe@example.com>',
  'To: Sue <sue@example.org>,\n\t  Ann <ann@example.org>',
  'Subject:  Is   dinner \t ready? ',
  'Date: Fri, 20 Nov 2026 07:00:00 +0000',
  'Message-ID: <1@example.com>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain;\n\tcharset=utf-8',
  'X-Other: a',
  'List-Unsubscribe: <https://example.com/u>',
]
const BODIES: Readonly<Record<string, string>> = {
  plain: 'Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n',
  empty: '',
  'blank lines at the end': 'a\n\n \n\t\n\n\n',
  'blanks everywhere': ' a \t b\t\n\t\nc  \n',
  '8 bit': 'gr\xc3\xbc\xc3\x9fe\n\xff\xfe\n',
  'dots and dashes': '.\n..\n-- \nFrom me\n',
  'a long line': `${'x'.repeat(200_000)} \ny\n`,
}
/** What a milter gets of a field tells nothing of more than one blank behind the colon. */
const MODEST = HEADER.map((field) => field.replace(/: +/, ': '))
const MESSAGES = Object.entries(BODIES).map(([name, body]) => [name, HEADER, body] as const)
/** Those of -c, of dkimpy and of OpenDKIM. */
const FORMS = [
  ['r', 'relaxed', 'relaxed'],
  ['s', 'simple', 'simple'],
  ['t', 'relaxed', 'simple'],
  ['u', 'simple', 'relaxed'],
] as const

/** A home with a key of each kind, and what is to be published of them. */
async function withKeys(t: Test): Promise<{ dir: string; records: Map<string, string>; dns: string }> {
  const dir = home({
    'control/me': 'mx.example.org\n',
    'control/dkimkeys': 'example.com:keys/rsa\nexample.com:keys/ed\n',
  })
  write(join(dir, 'keys/none'), '')
  const records = new Map<string, string>()
  for (const [selector, ...options] of [['rsa'], ['ed', '-e']] as const) {
    const words = ['moreqmail-dkimkey', ...options, '-f', join(dir, 'keys', selector), 'example.com', selector]
    const { code, out, err } = await run(words, '', { QMAILHOME: dir })
    t.equal(code, 0, err)
    const name = /^(\S+)\. IN TXT/.exec(out)?.[1] ?? ''
    records.set(name, [...out.matchAll(/"([^"]*)"/g)].map(([, text]) => text).join(''))
  }
  const server = await NameServer.start(Object.fromEntries([...records].map(([name, text]) => [name, { TXT: [text] }])))
  t.teardown(() => {
    server.close()
    rmSync(dir, { recursive: true })
  })
  return { dir, records, dns: `127.0.0.1:${server.port}` }
}

const messageOf = (header: readonly string[], body: string) => `${header.join('\n')}\n\n${body}`

/** The results that we find, from the top. */
async function verify(message: string, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { code, out } = await run(['qmail-qfilter-dkimverify'], message, env)
  if (code !== 0 || !out.endsWith(message)) return [`exit ${code}`]
  return [...out.slice(0, -message.length).matchAll(/\tdkim=(\w+)/g)].map(([, result]) => result ?? '')
}

const VERIFY = `
import sys, json, dkim
keys, messages = json.load(sys.stdin)
def dns(name, timeout=5):
    return keys.get(name.decode().rstrip('.'), '').encode() or None
for message in messages:
    d = dkim.DKIM(message.encode('latin1'))
    count = sum(1 for name, _ in d.headers if name.lower() == b'dkim-signature')
    results = []
    for i in range(count):
        try: results.append(bool(d.verify(idx=i, dnsfunc=dns)))
        except dkim.DKIMException as e: results.append(str(e))
    print(json.dumps(results))
`
const SIGN = `
import sys, json, dkim
for message, selector, key, kind, header, body in json.load(sys.stdin):
    field = dkim.sign(message.encode('latin1'), selector.encode(), b'example.com', key.encode(),
        canonicalize=(header.encode(), body.encode()), signature_algorithm=kind.encode())
    print(json.dumps(field.decode('latin1')))
`

async function python(script: string, input: unknown): Promise<readonly unknown[]> {
  const ascii = JSON.stringify(input).replace(/[\x80-\xff]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
  const { out, err } = await run(['/usr/bin/python3', '-c', script], ascii)
  if (err !== '') throw new Error(err)
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** Every message, signed by us in every form with both keys. */
async function signedByUs(
  dir: string,
  wanted?: readonly string[],
): Promise<ReadonlyArray<readonly [name: string, message: string]>> {
  const signed: Array<readonly [string, string]> = []
  for (const [name, header, body] of MESSAGES)
    for (const [form] of FORMS) {
      const env = { QMAILHOME: dir, DKIMSIGNOPTIONS: `-c ${form}` }
      const { out } = await run(['qmail-rfilter-dkimsign'], messageOf(wanted ?? header, body), env)
      signed.push([`${name}, ${form}`, out])
    }
  return signed
}

t.setTimeout(0)

t.test('dkimpy verifies what we sign', { skip: lack(DKIMPY) }, async (t) => {
  t.setTimeout(0)
  const { dir, records } = await withKeys(t)
  const signed = await signedByUs(dir)
  const wire = (message: string) => message.replaceAll('\n', '\r\n')
  const whole = await python(VERIFY, [Object.fromEntries(records), signed.map(([, message]) => wire(message))])
  for (const [i, [name]] of signed.entries()) t.same(whole[i], [true, true], name)
  const changed = await python(VERIFY, [
    Object.fromEntries(records),
    signed.map(([, message]) => wire(`${message}!\n`)),
  ])
  for (const [i, [name]] of signed.entries()) t.notMatch(changed[i], [true], `${name}, changed`)
})

t.test('we verify what dkimpy signs', { skip: lack(DKIMPY) }, async (t) => {
  t.setTimeout(0)
  const { dir, dns } = await withKeys(t)
  const { readFileSync } = await import('node:fs')
  const rsa = readFileSync(join(dir, 'keys/rsa'), 'latin1')
  const pem = readFileSync(join(dir, 'keys/ed'), 'latin1').replace(/-----.*-----|\n/g, '')
  const ed = Buffer.from(pem, 'base64').subarray(-32).toString('base64')
  const jobs = MESSAGES.flatMap(([name, header, body]) =>
    FORMS.flatMap(([, headerForm, bodyForm]) =>
      [
        ['rsa', rsa, 'rsa-sha256'],
        ['ed', ed, 'ed25519-sha256'],
      ].map(([selector, key, kind]) => {
        const message = messageOf(header, body)
        const job = [message.replaceAll('\n', '\r\n'), selector, key, kind, headerForm, bodyForm]
        return { name: `${name}, ${kind}, ${headerForm}/${bodyForm}`, message, job }
      }),
    ),
  )
  const fields = await python(
    SIGN,
    jobs.map(({ job }) => job),
  )
  const env = { QMAILHOME: dir, DNSCACHEIP: dns }
  for (const [i, { name, message }] of jobs.entries()) {
    const field = String(fields[i])
    t.same(await verify(field.replaceAll('\r\n', '\n') + message, env), ['pass'], name)
    if (i % 7 > 0) continue
    t.same(
      await verify((field + message).replaceAll('\r\n', '\n').replaceAll('\n', '\r\n'), env),
      ['pass'],
      `${name}, on the wire`,
    )
    t.same(await verify(`${field.replaceAll('\r\n', '\n')}${message}!\n`, env), ['fail'], `${name}, changed`)
  }
})

t.test('OpenDKIM verifies what we sign', { skip: lack('/usr/sbin/opendkim') }, async (t) => {
  t.setTimeout(0)
  const { dir, records } = await withKeys(t)
  for (const [name, message] of await signedByUs(dir, MODEST)) {
    const said = await verifiedBy(dir, message, records)
    t.equal(said.match(/verification \(s=(?:rsa|ed)[^)]*\) succeeded/g)?.length, 1, `${name}: ${said}`)
    const [first = ''] = /^DKIM-Signature:.*\n(?:\t.*\n)*/.exec(message) ?? []
    const second = await verifiedBy(dir, message.slice(first.length), records)
    t.match(second, /verification \(s=ed[^)]*\) succeeded/, name)
    t.notMatch(await verifiedBy(dir, `${message.slice(first.length)}!\n`, records), /succeeded/, `${name}, changed`)
  }
})

t.test('we verify what OpenDKIM signs', { skip: lack('/usr/sbin/opendkim') }, async (t) => {
  t.setTimeout(0)
  const { dir, dns } = await withKeys(t)
  const env = { QMAILHOME: dir, DNSCACHEIP: dns }
  for (const [, headerForm, bodyForm] of FORMS)
    for (const [selector, kind] of [
      ['rsa', 'rsa-sha256'],
      ['ed', 'ed25519-sha256'],
    ] as const) {
      // With this, OpenDKIM 2.11.0 signs something else than it sends: dkimpy finds that bad too.
      if (kind === 'ed25519-sha256' && headerForm === 'simple') continue
      const settings = `Domain example.com\nSelector ${selector}\nKeyFile ${join(dir, 'keys', selector)}
SignatureAlgorithm ${kind}\nCanonicalization ${headerForm}/${bodyForm}\n`
      const milter = await OpenDkim.start(dir, settings)
      try {
        for (const [name, , body] of MESSAGES) {
          const field = await milter.sign(MODEST, body)
          t.match(field, `a=${kind};`)
          t.same(
            await verify(field + messageOf(MODEST, body), env),
            ['pass'],
            `${name}, ${kind}, ${headerForm}/${bodyForm}`,
          )
        }
      } finally {
        milter.stop()
      }
    }
})
