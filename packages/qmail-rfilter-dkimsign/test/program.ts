import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import t, { type Test } from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
const MESSAGE = 'From: joe@example.com\nSubject: x\n\nbody\n'
const NAMES = ['qmail-rfilter-dkimsign', 'qmail-qfilter-dkimsign'] as const

function pem(bits: number): string {
  return generateKeyPairSync('rsa', { modulusLength: bits })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString()
}

const KEY = pem(1024)
const SHORT = pem(512)

type Stdio = 'pipe' | 'ignore' | number

interface Given {
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly message?: string
  readonly envelope?: string
  readonly input?: number
  readonly output?: number
}

async function run(t: Test, name: string, { files = {}, env = {}, message = MESSAGE, envelope, input, output }: Given) {
  const home = mkdtempSync(join(tmpdir(), 'moreqmail-dkim-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  for (const [path, text] of Object.entries({ 'control/me': 'me.example\n', ...files })) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), text, 'latin1')
  }
  const envelopes: Stdio[] = envelope === undefined ? [] : ['pipe', 'pipe']
  const stdio: Stdio[] = [input ?? 'pipe', output ?? 'pipe', 'pipe', ...envelopes]
  const child = spawn(join(BIN, name), [], { stdio, env: { QMAILHOME: home, ...env } })
  const pieces: Buffer[][] = [[], [], []]
  for (const [i, fd] of [1, 2, 4].entries())
    child.stdio[fd]?.on('data', (data: Buffer) => pieces[i]?.push(data)).on('error', () => undefined)
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(message, 'latin1')
  const third = child.stdio[3]
  if (third !== null && third !== undefined && 'end' in third)
    third.on('error', () => undefined).end(envelope, 'latin1')
  const code = await new Promise((done) => child.on('close', (code, signal) => done(signal ?? code)))
  const [out = '', err = '', changed = ''] = pieces.map((list) => Buffer.concat(list).toString('latin1'))
  return {
    code,
    out,
    err,
    changed,
    tags: /^DKIM-Signature:((?:.*\n[ \t])*.*\n)/.exec(out)?.[1]?.replace(/\s+/g, ' ') ?? '',
  }
}

for (const name of NAMES) {
  const remote = name === 'qmail-rfilter-dkimsign'

  t.test(`${name}: whose key`, async (t) => {
    const keys = {
      'control/domainkeys/example.com/default': KEY,
      'control/domainkeys/srs.example/default': KEY,
      'control/domainkeys/me.example/default': KEY,
      'control/domainkeys/bounces.example/default': KEY,
    }
    const signed = async (given: Given) => / d=([^;]*);/.exec((await run(t, name, { files: keys, ...given })).tags)?.[1]
    const foreign = MESSAGE.replace('example.com', 'elsewhere.example')
    t.equal(await signed({}), 'example.com')
    t.equal(await signed({ envelope: 'Fx@srs.example\0Tr@h\0\0' }), 'example.com', 'the author before the sender')
    t.equal(await signed({ message: foreign, envelope: 'Fx@SRS.example\0Tr@h\0\0' }), 'srs.example')
    t.equal(await signed({ message: foreign, env: { QMAILUSER: 'x', QMAILHOST: 'srs.example' } }), 'srs.example')
    t.equal(await signed({ message: foreign, env: { SENDER: 'x@srs.example' } }), 'srs.example')
    t.equal(await signed({ message: foreign, envelope: 'F\0Tr@h\0\0' }), 'me.example')
    t.equal(await signed({ message: foreign, envelope: 'F#@[]\0Tr@h\0\0' }), 'me.example')
    const bounces = { ...keys, 'control/bouncehost': 'bounces.example\n' }
    t.equal(await signed({ files: bounces, message: foreign, envelope: 'F\0Tr@h\0\0' }), 'bounces.example')
    t.equal(await signed({ message: foreign }), undefined, 'nobody is known')
    t.equal(await signed({ message: foreign, envelope: 'Fx@other.example\0Tr@h\0\0' }), undefined)
    t.equal(await signed({ message: 'To: x\n\n', envelope: 'Fx@srs.example\0Tr@h\0\0' }), undefined, 'no From field')
    t.equal(await signed({ env: { NODKIM: '' } }), undefined)
    const unsigned = await run(t, name, { files: keys, env: { NODKIM: '' }, envelope: 'garbage' })
    t.same([unsigned.code, unsigned.out], [0, MESSAGE], 'nothing else is looked at')
    t.equal(
      await signed({ message: foreign.replace('elsewhere', 'x'.repeat(300)) }),
      undefined,
      'too long for a domain',
    )
    t.equal(await signed({ message: MESSAGE.replace('\nS', '\rS') }), 'example.com', 'a CR ends a line when it is sent')
    const { changed, out } = await run(t, name, { files: keys, envelope: 'Fx@srs.example\0Tr@h\0\0' })
    t.same([changed, out.endsWith(MESSAGE)], ['', true], 'the envelope is left alone')
  })

  t.test(`${name}: what can not be signed is not sent`, async (t) => {
    const broken = async (given: Given, code: number, why: RegExp) => {
      const found = await run(t, name, given)
      t.same([found.code, found.out], [remote ? 111 : code, ''], String(why))
      t.match(found.err, why)
      t.match(found.err, new RegExp(`^${name}: .* \\(#4\\.3\\.[05]\\)\\n$`))
    }
    const path = 'control/domainkeys/example.com/default'
    const good = { [path]: KEY }
    await broken(
      { env: { DKIMSIGN: 'control/no/%/key', DKIMSIGNOPTIONS: '-s none' } },
      55,
      /private key none does not exist/,
    )
    await broken({ env: { DKIMSIGN: 'none' }, files: good }, 55, /private key none does not exist/)
    await broken({ files: { [path]: '' } }, 55, /unable to use private key control\/domainkeys\/example\.com\/default/)
    await broken({ files: { [path]: SHORT } }, 55, /unable to use private key/)
    await broken({ files: { [path]: KEY.slice(0, -60) } }, 55, /unable to use private key/)
    await broken({ files: { [`${path}/x`]: '' } }, 55, /unable to use private key/)
    await broken({ files: good, env: { DKIMSIGNOPTIONS: '-k' } }, 55, /bad options in DKIMSIGNOPTIONS/)
    await broken(
      { files: good, env: { DKIMIDENTITY: '@example.org' } },
      55,
      /identity @example\.org is not in domain example\.com/,
    )
    await broken({ files: { ...good, 'control/dkimkeys/x': '' } }, 55, /unable to read control files/)
    await broken({ files: good, env: { QMAILHOME: '/nowhere' } }, 55, /unable to enter the qmail home/)
    await broken({ files: good, envelope: 'Fx@y\0Tr@h\0' }, 91, /bad envelope/)
    await broken({ files: good, envelope: '' }, 91, /bad envelope/)
    await broken({ files: good, input: openSync('/', 'r') }, 54, /unable to read message/)
    await broken({ files: good, env: { TMPDIR: '/nowhere' } }, 53, /unable to write message/)
    const full = openSync('/dev/full', 'w')
    await broken({ files: good, output: full }, 53, /unable to write message/)
  })

  t.test(`${name}: many signatures`, async (t) => {
    const files = { 'control/dkimkeys': '.:k/a\n.:k/b:DKIMSIGNOPTIONS=-c s -q\n', 'k/a': KEY, 'k/b': KEY }
    const { code, out } = await run(t, name, { files })
    t.equal(code, 0)
    const [first = '', second = '', ...more] = out.split(/^(?=DKIM-Signature:)/m)
    t.same([/ s=a;/.test(first), / s=b;/.test(second), second.endsWith(MESSAGE), more.length], [true, true, true, 0])
    t.match(second, /c=simple\/simple;(?:.|\n)*q=dns\/txt;/)
    const again = await run(t, name, { files, message: out })
    t.ok(again.out.endsWith(out) && again.out.length > out.length, 'and again')
  })
}
