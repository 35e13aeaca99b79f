import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'

const BIN = resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin')
const ROOT = process.getuid?.() === 0
const NOBODY = 65534

/** A home with these control files, each with its content, or content and mode. */
function makeHome(files: Readonly<Record<string, string | readonly [string, number]>>): string {
  const home = mkdtempSync(join(tmpdir(), 'showctl-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  chmodSync(home, 0o755)
  mkdirSync(join(home, 'control'))
  for (const [name, file] of Object.entries(files)) {
    const [text, mode] = typeof file === 'string' ? [file, 0o644] : file
    const path = join(home, 'control', name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, 'latin1')
    chmodSync(path, mode)
  }
  return home
}

function show(home: string, words: readonly string[] = []) {
  const { status, stdout, stderr } = spawnSync(`${BIN}/moreqmail-showctl`, words, {
    env: { PATH: '/bin:/usr/bin', QMAILHOME: home },
    encoding: 'latin1',
    timeout: 20_000,
  })
  const warnings = stderr.replace(/\n$/, '').split('\n').filter(Boolean)
  return { status, out: stdout, warnings: warnings.map((line) => line.replace('moreqmail-showctl: warning: ', '')) }
}

const GOOD = { me: 'a.example\n', rcpthosts: 'a.example\n' }

t.test('all is well', async (t) => {
  const home = makeHome({ ...GOOD, databytes: '1000\n', srs_secrets: ['hidden\n', 0o600] })
  const { status, out, warnings } = show(home)
  t.same([status, warnings], [0, []])
  t.match(out, `qmail home: ${home}\n`)
  t.match(out, /^databytes: .*; read by qmail-ofmipd, qmail-smtpd\n {2}1000$/m)
  t.match(out, /^helohost: .*\n {2}\(default\) a\.example, of me$/m)
  t.match(out, /^timeoutremote: .*\n {2}\(default\) 1200$/m)
  t.match(out, /^srs_secrets: .*\n {2}1 secret$/m)
  t.notMatch(out, 'hidden')
  t.notMatch(out, /^queuelifetime/m, 'files of qmail are shown only if they are there')
})

t.test('nothing is there', async (t) => {
  const { status, out, warnings } = show(makeHome({}))
  t.equal(status, 1)
  t.match(warnings, ['control/me: it is not there', /^control\/rcpthosts: it is not there/])
  t.match(out, /^me: .*\n {2}\(default\) most programs refuse to run/m)
})

t.test('files of qmail, and files of nobody', async (t) => {
  const home = makeHome({
    ...GOOD,
    queuelifetime: '5\n',
    'rcpthosts~': 'x',
    'srs_secrets.old': 'x',
    '.x': '',
    'dir/x': '',
  })
  const { status, out, warnings } = show(home)
  t.match(out, /^queuelifetime: .*; read by qmail-send\n {2}5$/m)
  t.equal(status, 1)
  t.same(warnings, [
    'control/.x: no program reads it',
    'control/dir: no program reads it',
    'control/rcpthosts~: no program reads it',
    'control/srs_secrets.old: no program reads it, but everybody can, and there may be a secret in it',
  ])
})

t.test('secrets', async (t) => {
  const key = '-----BEGIN PRIVATE KEY-----\nhidden\n-----END PRIVATE KEY-----\n'
  const certificate = key.replaceAll('PRIVATE KEY', 'CERTIFICATE')
  const secrets = {
    passwd: 'a:!hidden:1:1:/\n',
    srs_secrets: 'hidden\n',
    authsenders: 'a:b|u|hidden\n',
    smtproutes: ':b|u|hidden\n',
    'servercert.pem': certificate + key,
    'clientcert.pem': key,
    'domainkeys/default': key,
    'domainkeys/a.example/sel.2026': `${'A'.repeat(43)}=\n`,
  }
  const all = (mode: number) =>
    Object.fromEntries(Object.entries(secrets).map(([name, text]) => [name, [text, mode] as const]))
  const open = show(makeHome({ ...GOOD, ...all(0o644) }))
  t.equal(open.status, 1)
  t.same(
    open.warnings,
    Object.keys(secrets)
      .sort()
      .map((name) => `control/${name}: everybody can read it, and there is a secret in it`),
  )
  t.notMatch(open.out + open.warnings.join(), 'hidden')
  t.match(open.out, /^ {2}domainkeys\/a\.example\/sel\.2026: a private key$/m)
  t.same(show(makeHome({ ...GOOD, ...all(0o600) })).warnings, [])
  const harmless = { smtproutes: 'a:b\n', 'servercert.pem': certificate, 'tlshosts/mx.example.pem': certificate }
  t.same(show(makeHome({ ...GOOD, ...harmless })).warnings, [])
})

t.test('faults of content', async (t) => {
  const home = makeHome({
    ...GOOD,
    badhelo: 'a\n(\n',
    databytes: '1e6\n',
    outgoingip: '300.1.1.1\n',
    ipme: '[2001:db8::1]\n192.0.2.1\nx\n',
    'morercpthosts.cdb': 'x',
    trustanchors: '/no/such/file\n',
    locals: 'a\r\n',
  })
  t.same(show(home).warnings, [
    'control/badhelo: line 2 is no regular expression',
    'control/databytes: of its first line only 1 counts',
    'control/ipme: line 3 is no address',
    'control/locals: line 1 ends in CR, which belongs to it',
    'control/morercpthosts.cdb: it is no constant database',
    'control/outgoingip: its first line is no address',
    'control/trustanchors: there is no /no/such/file',
  ])
})

t.test('keys that other files name', async (t) => {
  const home = makeHome({ ...GOOD, dkimkeys: 'a.example:keys/a\nb.example:keys/b\n' })
  mkdirSync(join(home, 'keys'))
  writeFileSync(join(home, 'keys/a'), 'x')
  chmodSync(join(home, 'keys/a'), 0o644)
  t.same(show(home).warnings, [
    'control/dkimkeys: everybody can read keys/a, and there is a key in it',
    'control/dkimkeys: there is no keys/b',
  ])
})

t.test('modes of files and directories', async (t) => {
  const home = makeHome({ ...GOOD, locals: ['a.example\n', 0o646], rewrite: ['=a:b\n', 0o640], 'tlshosts/x.pem': '' })
  for (const path of ['.', 'control', 'control/tlshosts']) chmodSync(join(home, path), 0o777)
  t.same(show(home).warnings, [
    `${home}: everybody can change what is in it`,
    'control: everybody can change what is in it',
    'control/locals: everybody can change it',
    'control/rewrite: not everybody can read it, as qmail-ofmipd needs',
    'control/tlshosts: everybody can change what is in it',
    'control/tlshosts/x.pem: there is none in it',
  ])
})

t.test('odd entries', async (t) => {
  const home = makeHome({ ...GOOD, 'locals/x': '' })
  symlinkSync('nowhere', join(home, 'control/helohost'))
  const { status, warnings } = show(home)
  t.equal(status, 1)
  t.same(warnings, ['control/helohost: it leads nowhere', 'control/locals: it is a directory'])
})

t.test('not as root', { skip: !ROOT && 'it takes root' }, async (t) => {
  // Copied, since others may not get at what is built.
  const place = mkdtempSync(join(tmpdir(), 'showctl-bin-'))
  t.teardown(() => rmSync(place, { recursive: true }))
  cpSync(BIN, place, { recursive: true, verbatimSymlinks: true })
  chmodSync(place, 0o755)
  const home = makeHome({ ...GOOD, srs_secrets: ['hidden\n', 0o600], 'domainkeys/a.example/x': ['x', 0o600] })
  chmodSync(join(home, 'control/domainkeys'), 0o700)
  const { status, stdout, stderr } = spawnSync(`${place}/moreqmail-showctl`, [], {
    ...{ env: { PATH: '/bin:/usr/bin', QMAILHOME: home }, encoding: 'latin1', timeout: 20_000 },
    ...{ uid: NOBODY, gid: NOBODY },
  })
  t.same([status, stderr], [0, ''])
  t.match(stdout, /^srs_secrets: .*\n {2}\(not readable: access denied\)$/m)
  t.match(stdout, /run this as root\.\n$/)
})

t.test('what can not be done', async (t) => {
  t.same(show('/no/such').status, 111)
  const home = makeHome(GOOD)
  rmSync(join(home, 'control'), { recursive: true })
  t.match(show(home), { status: 111, out: '', warnings: [/unable to list .*\/control: file does not exist$/] })
  t.equal(show(home, ['x']).status, 100)
  const full = spawnSync('sh', ['-c', `exec ${BIN}/moreqmail-showctl >/dev/full`], {
    env: { QMAILHOME: makeHome(GOOD) },
  })
  if (process.platform === 'linux') t.equal(full.status, 111)
})

const SHARES = spawnSync('unshare', ['-m', 'true']).status !== 0

t.test('users that can not read', { skip: SHARES && 'it takes a mount namespace of its own' }, async (t) => {
  const home = makeHome({ ...GOOD, smtproutes: ['a:b|u|p\n', 0o600], srs_secrets: ['x\n', 0o600] })
  const passwd = join(home, 'passwd')
  writeFileSync(passwd, 'root:x:0:0::/:/bin/sh\nqmaild:x:7001:7101::/:\nqmailr:x:7002:7102::/:\n')
  const script = 'mount --bind "$1" /etc/passwd && exec "$2" 2>&1 >/dev/null'
  const warnings = () => {
    const words = ['-m', 'sh', '-c', script, 'sh', passwd, `${BIN}/moreqmail-showctl`]
    const { stdout } = spawnSync('unshare', words, {
      env: { PATH: '/bin:/usr/bin', QMAILHOME: home },
      encoding: 'latin1',
    })
    return stdout.replaceAll('moreqmail-showctl: warning: ', '').split('\n').filter(Boolean)
  }
  const fault = (name: string, user: string, program: string) =>
    `control/${name}: ${user}, as whom ${program} runs, can't read it`
  t.same(warnings(), [fault('smtproutes', 'qmailr', 'qmail-remote')], 'a filter that nobody runs needs nothing')
  chownSync(join(home, 'control/smtproutes'), 7002, 0)
  t.same(warnings(), [])
  writeFileSync(join(home, 'control/remotefilters'), 'qmail-rfilter-srsforward\n')
  writeFileSync(join(home, 'control/smtpfilters'), 'bin/qmail-qfilter-srsreverse\n')
  t.same(warnings(), [
    fault('srs_secrets', 'qmailr', 'qmail-rfilter-srsforward'),
    fault('srs_secrets', 'qmaild', 'qmail-qfilter-srsreverse'),
  ])
  chownSync(join(home, 'control/srs_secrets'), 7001, 7102)
  chmodSync(join(home, 'control/srs_secrets'), 0o440)
  t.same(warnings(), [])
  chmodSync(join(home, 'control'), 0o700)
  t.same(warnings(), ["control: qmaild can't get at what is in it", "control: qmailr can't get at what is in it"])
})
