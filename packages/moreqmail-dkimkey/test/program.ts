import { execFile } from 'node:child_process'
import { createPublicKey, sign, verify } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'

const PROGRAM = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'moreqmail-dkimkey')
const RECORD = /^(\S+)\. IN TXT (?:\(\n\t)?("[^"]+"(?:\n\t"[^"]+")*)(?: \))?\n$/

function newHome(t: Test): string {
  const home = mkdtempSync(join(tmpdir(), 'moreqmail-dkimkey-'))
  mkdirSync(join(home, 'control'))
  t.teardown(() => rmSync(home, { recursive: true }))
  return home
}

/** `umask`: in octal. */
async function run(home: string, args: readonly string[], umask = '22') {
  const words = ['-c', `umask ${umask}; exec "$0" "$@"`, PROGRAM, ...args]
  return new Promise<{ code: number; out: string; err: string }>((done) =>
    execFile('/bin/sh', words, { env: { QMAILHOME: home } }, (error, out, err) =>
      done({ code: error === null ? 0 : Number(error.code), out, err }),
    ),
  )
}

/** The text of a record. */
function textOf(record: string): string {
  return [...(RECORD.exec(record)?.[2] ?? '').matchAll(/"([^"]*)"/g)].map(([, text]) => text).join('')
}

t.test('keys', async (t) => {
  for (const [type, options] of [
    ['rsa', []],
    ['ed25519', ['-e']],
  ] as const) {
    const home = newHome(t)
    const { code, out, err } = await run(home, [...options, 'Example.com', 'sel'], '77')
    t.same([code, err], [0, ''])
    t.equal(RECORD.exec(out)?.[1], 'sel._domainkey.example.com')
    for (const [text] of out.matchAll(/"[^"]*"/g)) t.ok(text.length <= 257)
    const path = join(home, 'control/domainkeys/example.com/sel')
    t.equal(statSync(path).mode & 0o7777, 0o640)
    t.equal(statSync(join(path, '..')).mode & 0o7777, 0o755, 'whoever runs qmail-remote gets there')
    t.same(readdirSync(join(path, '..')), ['sel'], 'nothing is left behind')
    const [, data = ''] = new RegExp(`^v=DKIM1; k=${type}; p=(\\S+)$`).exec(textOf(out)) ?? []
    const raw = Buffer.from(data, 'base64')
    const prefix = Buffer.from('302a300506032b6570032100', 'hex')
    const published = createPublicKey({
      key: type === 'rsa' ? raw : Buffer.concat([prefix, raw]),
      format: 'der',
      type: 'spki',
    })
    const key = readFileSync(path)
    const hash = type === 'rsa' ? 'sha256' : null
    t.ok(
      verify(hash, Buffer.from('x'), published, sign(hash, Buffer.from('x'), key)),
      'the published half belongs to it',
    )
    const again = await run(home, ['example.com', 'sel'])
    t.same([again.code, again.out], [111, ''])
    t.match(again.err, /unable to create control\/domainkeys\/example\.com\/sel: file already exists/)
    t.ok(readFileSync(path).equals(key), 'never overwritten')
    t.equal((await run(home, ['-p', 'example.com', 'sel'])).out, out, 'said again')
  }
})

t.test('other files', async (t) => {
  const home = newHome(t)
  t.equal((await run(home, ['-e', '-f', join(home, 'key'), 'example.com'])).code, 0)
  t.equal(statSync(join(home, 'key')).mode & 0o7777, 0o640)
  const missing = await run(home, ['-f', join(home, 'none/key'), 'example.com'])
  t.same([missing.code, existsSync(join(home, 'none'))], [111, false], 'no directory is made')
  writeFileSync(join(home, 'bad'), 'hello')
  const bad = await run(home, ['-p', '-f', join(home, 'bad'), 'example.com'])
  t.equal(bad.code, 111)
  t.match(bad.err, /no private key/)
  t.match((await run(home, ['-p', 'example.com'])).err, /file does not exist/)
  t.equal((await run('/nowhere', ['example.com'])).code, 111)
})

t.test('misuse', async (t) => {
  const home = newHome(t)
  for (const args of [
    [],
    ['-x', 'a.b'],
    ['com'],
    ['a.b', '../c'],
    ['../a.b'],
    ['a/b.c'],
    ['a.b', 'c', 'd'],
    ['.a.b'],
    ['a.b', ''],
  ]) {
    const { code, err } = await run(home, args)
    t.equal(code, 100, args.join(' '))
    t.match(err, /usage/)
  }
  t.same(readdirSync(join(home, 'control')), [])
})
