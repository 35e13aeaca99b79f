import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeCdb } from '../../cdb/src/index.ts'
import { ask, makeHome } from '../../rcptcheck/test/lib/ask.ts'

const program = 'qmail-rcptcheck-realrcptto'
const NOTHING = { code: 0, out: '', err: '' }
const DEFER = { ...NOTHING, code: 111 }
const refused = (recipient: string) => ({ code: 100, out: '', err: `rcptcheck: realrcptto PPID  ${recipient}\n` })

/** A home where bob-* and nobody else has an account, by users/cdb, and this is below bob's home. */
function homeOfBob(files: Readonly<Record<string, string>> = {}, record = (home: string) => `${home}\0-\0`): string {
  const home = makeHome({ 'control/locals': 'y\n', 'users/': '', 'h/': '', ...files })
  makeCdb(join(home, 'users/cdb'), [
    ['', '-'],
    ['!bob-', `bob\x001\x001\0${record(join(home, 'h'))}`],
  ])
  t.teardown(() => rmSync(home, { recursive: true }))
  return home
}

const check = (home: string, RECIPIENT: string, env = {}) => ask({ program, home, env: { RECIPIENT, ...env } })

t.test('control files that cannot be read', async (t) => {
  for (const name of ['envnoathost', 'locals', 'percenthack', 'virtualdomains', 'me']) {
    const files: Record<string, string> = { 'control/locals': 'y\n', 'control/envnoathost': 'y\n' }
    if (name === 'me') delete files['control/locals']
    delete files[`control/${name}`]
    t.same(ask({ program, env: { RECIPIENT: 'x@far' }, files: { ...files, [`control/${name}/`]: '' } }), DEFER, name)
  }
  t.same(ask({ program, env: { RECIPIENT: 'x@far' }, files: { 'control/locals': '', 'control/me/': '' } }), DEFER)
  const unread = { 'control/locals': '', 'control/envnoathost': '', 'control/me/': '' }
  t.same(ask({ program, env: { RECIPIENT: 'x@far' }, files: unread }), NOTHING, 'me is a default only')
  t.same(ask({ program, env: { RECIPIENT: 'x@far' }, home: '/no/such/home' }), DEFER)
})

t.test('users/cdb that cannot be read, or is none', async (t) => {
  for (const files of [{ 'users/cdb': 'no cdb' }, { 'users/cdb': '' }, { 'users/cdb/': '' }, { users: '' }])
    t.same(ask({ program, env: { RECIPIENT: 'x@y' }, files: { 'control/locals': 'y', ...files } }), DEFER)
})

t.test('.qmail files of every kind count', async (t) => {
  const home = homeOfBob({ 'h/.qmail-file': '', 'h/.qmail-dir/': '', 'h/.qmail-a-default': '' })
  symlinkSync('.qmail-file', join(home, 'h/.qmail-link'))
  symlinkSync('nothing', join(home, 'h/.qmail-dangling'))
  symlinkSync('.qmail-loop', join(home, 'h/.qmail-loop'))
  for (const ext of ['file', 'FILE', 'dir', 'link', 'a-', 'a-b']) t.same(check(home, `bob-${ext}@y`), NOTHING, ext)
  for (const ext of ['dangling', 'none', 'a', '']) t.same(check(home, `bob-${ext}@y`), refused(`bob-${ext}@y`), ext)
  const stat = (name: string, why: string) => ({ ...NOTHING, err: `unable to stat HOME/h/.qmail-${name}: ${why}\n` })
  t.same(check(home, 'bob-loop@y'), stat('loop', 'symbolic link loop'))
  t.same(check(home, 'bob-file/x@y'), stat('file/x', 'not a directory'))
  const long = 'x'.repeat(300)
  t.same(check(home, `bob-${long}@y`), stat(long, 'file name too long'))
  t.same(
    check(home, `bob-${'x/'.repeat(3000)}@y`).err,
    `unable to stat HOME/h/.qmail-${'x/'.repeat(3000)}: file name too long\n`,
  )
})

t.test('records', async (t) => {
  t.same(
    check(
      homeOfBob({}, (home) => `${home}\0\0`),
      'bob-x@y',
    ),
    NOTHING,
    'without a dash no file is needed',
  )
  t.same(
    check(
      homeOfBob({}, (home) => `${home}\0-`),
      'bob-x@y',
    ),
    NOTHING,
    'cut off',
  )
  t.same(
    check(
      homeOfBob({ 'h/.qmail-pre-x': '' }, (home) => `${home}\0-\0pre-`),
      'bob-x@y',
    ),
    NOTHING,
  )
})

t.test('refusals in the log', async (t) => {
  const home = homeOfBob()
  const ip = { TCPREMOTEIP: '192.0.2.1', XREMOTEIP: '192.0.2.2', REMOTEIP: '192.0.2.3' }
  const line = (text: string) => `rcptcheck: realrcptto PPID ${text} bob-x@y\n`
  t.equal(check(home, 'bob-x@y', ip).err, line(''))
  t.equal(check(home, 'bob-x@y', { ...ip, PROTO: 'TCP' }).err, line('192.0.2.1'))
  t.equal(check(home, 'bob-x@y', { ...ip, PROTO: 'X' }).err, line('192.0.2.2'))
  t.equal(check(home, 'bob-x@y', { ...ip, PROTO: '' }).err, line('192.0.2.3'))
  t.equal(check(home, 'bob-x@y', { ...ip, PROTO: 'SSL' }).err, line(''))
  t.same(check(home, 'bob-x@y', { QMAILRRTDENYALL: '1' }), { ...NOTHING, err: line('') })
  for (const value of ['', '0', '2', '11', ' 1']) t.equal(check(home, 'bob-x@y', { QMAILRRTDENYALL: value }).code, 100)
  t.equal(check(home, 'bob-\x1b@y').err, 'rcptcheck: realrcptto PPID  bob-?@y\n')
})

t.test('users of a passwd file', async (t) => {
  const home = makeHome({ 'control/locals': 'y\n', 'a/.qmail-known': '', 'b/': '' })
  t.teardown(() => rmSync(home, { recursive: true }))
  const me = process.getuid?.() ?? 0
  const uid = me === 0 ? 12345 : me
  for (const name of ['a', 'b']) chownSync(join(home, name), uid, -1)
  const passwd = (text: string) => writeFileSync(join(home, 'passwd'), text)
  const env = { QMAILPASSWD: 'passwd' }
  const bob = `bob:x:${uid}:1::${home}/b:\n`
  const alias = `alias:x:${uid}:1::${home}/a:\n`
  passwd(bob + alias)
  t.same(check(home, 'Bob@y', env), NOTHING)
  t.same(check(home, 'known@y', env), NOTHING)
  t.same(check(home, 'bob-x@y', env), refused('bob-x@y'))
  t.same(check(home, 'unknown@y', env), refused('unknown@y'))
  passwd(bob)
  t.same(check(home, 'unknown@y', env), refused('unknown@y'), 'there is no alias')
  t.same(check(home, 'known@y', { QMAILPASSWD: 'none' }), DEFER)
  t.same(check(home, 'known@y', { QMAILPASSWD: 'control' }), DEFER)
  t.same(check(home, 'known@y', { QMAILPASSWD: '' }), DEFER)
})

t.test('users of the system', async (t) => {
  const files = { 'control/locals': 'y\n' }
  const { code } = ask({ program, env: { RECIPIENT: 'no-such-user-here@y' }, files })
  t.equal(code, 100)
  t.equal(ask({ program, env: { RECIPIENT: 'root@y' }, files }).code, 100, 'root is left to alias, which is not there')
})

// Root may enter everything, unless it gives up just that.
const BARRED = ['/usr/bin/setpriv', '--bounding-set=-dac_override,-dac_read_search']
const before = process.getuid?.() === 0 ? BARRED : []
const lack = before.length > 0 && !existsSync('/usr/bin/setpriv') && 'root may enter it, and there is no setpriv'

t.test('a home that may not be entered', { skip: lack }, async (t) => {
  const home = homeOfBob()
  mkdirSync(join(home, 'h/x'))
  chmodSync(join(home, 'h'), 0)
  const answer = ask({ program, home, env: { RECIPIENT: 'bob-x@y' }, before })
  t.same(answer, { ...NOTHING, err: 'unable to stat HOME/h/.qmail-x: access denied\n' })
  chmodSync(join(home, 'h'), 0o755)
})
