import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { forward } from '@moreqmail/srs'
import t from 'tap'
import { BIN, makeHome, WAYS } from '../../qmail-remote/test/lib/remote.ts'
import { settings } from '../../srs/test/lib/settings.ts'

const FILES = { 'control/srs_domain': 'srs.example.org\n', 'control/srs_secrets': 'new\ntops3cret\n' }
const now = Date.now() / 1000
const USER = forward('User@example.com', settings(), now)
const BAD = USER.replace(/=....=/, '=AAAA=')

interface Options {
  readonly env?: Readonly<Record<string, string>>
  /** What is on 3, 4 and 6 in place of the envelope, a file and a pipe. */
  readonly fds?: Readonly<Record<number, 'ignore' | number>>
}

/** Runs it: its exit code, what it writes on 4, and what on 6; all else must stay empty. */
async function reverse(home: string, envelope: string, { env = {}, fds = {} }: Options = {}) {
  writeFileSync(join(home, 'in'), envelope, 'latin1')
  writeFileSync(join(home, 'out'), '')
  const input = openSync(join(home, 'in'), 'r')
  const output = openSync(join(home, 'out'), 'r+')
  const stdio = ['ignore', 'pipe', 'pipe', fds[3] ?? input, fds[4] ?? output, 'ignore', fds[6] ?? 'pipe'] as const
  const child = spawn(join(BIN, 'qmail-qfilter-srsreverse'), ['anything'], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', QMAILHOME: home, ...env },
    stdio: [...stdio],
  })
  const streams = child.stdio as unknown as ReadonlyArray<Readable | null>
  let said = ''
  let text = ''
  for (const n of [1, 2]) streams[n]?.on('data', (data: Buffer) => (said += data.toString('latin1')))
  streams[6]?.on('data', (data: Buffer) => (text += data.toString('latin1')))
  const code = await new Promise<number | null>((done) => child.on('close', done))
  if (said !== '') t.fail(`wrote ${said}`)
  return [code, readFileSync(join(home, 'out'), 'latin1'), text]
}

const UNCHANGED = [0, '', '']

for (const env of WAYS)
  t.test(`bounces${Object.keys(env).length > 0 ? ', new images' : ''}`, async (t) => {
    const home = makeHome(t, FILES)
    t.same(await reverse(home, `F\0Ta@b\0T${USER}\0T${USER}\0\0junk`, { env }), [
      0,
      'F\0Ta@b\0TUser@example.com\0TUser@example.com\0\0',
      '',
    ])
    t.same(await reverse(home, `F${USER}\0Ta@b\0\0`, { env }), [0, 'FUser@example.com\0Ta@b\0\0', ''])
    for (const envelope of ['F\0Ta@b\0\0', 'Fs@x\0\0', `F${BAD}\0Ta@b\0\0`, 'F\0TSRS0=x@elsewhere.example\0\0'])
      t.same(await reverse(home, envelope, { env }), UNCHANGED, envelope)
    t.same(await reverse(home, `F\0T${BAD}\0\0`, { env }), [82, '', 'DSRS: Hash invalid in SRS address. (#5.1.1)'])
    t.same(await reverse(home, `Fs@x\0T${USER}\0\0`, { env }), [82, '', 'DSRS address only accepts bounces (#5.7.1)'])
    const deaf = [31, '', '']
    t.same(await reverse(home, `F\0T${BAD}\0\0`, { env, fds: { 6: 'ignore' } }), deaf, 'nobody listens on 6')
    t.same(
      await reverse(home, `F\0T${BAD}\0\0`, { env, fds: { 6: openSync(join(home, 'six'), 'w') } }),
      deaf,
      'a file is nobody',
    )
    writeFileSync(join(home, 'control/srs_anysender'), '1\n')
    t.match(await reverse(home, `Fs@x\0T${USER}\0\0`, { env }), [0, 'Fs@x\0TUser@example.com\0\0', ''])
  })

t.test('an envelope cut at every byte', async (t) => {
  const home = makeHome(t, FILES)
  const whole = `Fa\0T${USER}\0\0`
  for (const n of [0, 1, 2, 3, 4, 10, whole.length - 2, whole.length - 1])
    t.same(await reverse(home, whole.slice(0, n)), [91, '', ''], `${n} bytes`)
  t.same(await reverse(home, 'garbage'), [91, '', ''])
  t.same(await reverse(home, '', { fds: { 3: openSync('/', 'r') } }), [54, '', ''], 'unreadable')
  t.same(await reverse(home, `F\0T${USER}\0\0`, { fds: { 4: openSync('/dev/full', 'r+') } }), [53, '', ''], 'disk full')
})

t.test('settings', async (t) => {
  const home = makeHome(t, FILES)
  const bounce = `F\0T${USER}\0\0`
  for (const name of ['srs_domain', 'srs_secrets', 'srs_maxage', 'srs_anysender']) {
    rmSync(join(home, 'control', name), { force: true })
    mkdirSync(join(home, 'control', name))
    t.same(await reverse(home, bounce), [55, '', ''], `${name} is a directory`)
    rmSync(join(home, 'control', name), { recursive: true })
    for (const [file, text] of Object.entries(FILES)) writeFileSync(join(home, file), text)
  }
  t.same(await reverse(home, bounce, { env: { QMAILHOME: '/none' } }), [55, '', ''], 'no home')
  rmSync(join(home, 'control/srs_secrets'))
  t.same(await reverse(home, bounce), [55, '', ''], 'no secrets')
  t.same(await reverse(home, 'F\0Ta@b\0\0'), UNCHANGED, 'of no interest here')
  writeFileSync(join(home, 'control/srs_domain'), '\n')
  t.same(await reverse(home, bounce), UNCHANGED, 'switched off')
  t.same(await reverse(home, 'garbage'), UNCHANGED, 'whatever comes')
})

t.test('20,000 recipients', async (t) => {
  const home = makeHome(t, FILES)
  const recipients = `T${USER}\0`.repeat(20_000)
  const [code, envelope] = await reverse(home, `F\0${recipients}\0`)
  t.equal(code, 0)
  t.ok(envelope === `F\0${'TUser@example.com\0'.repeat(20_000)}\0`)
})

t.test('addresses that are made to do harm', async (t) => {
  const home = makeHome(t, FILES)
  const long = 'x'.repeat(980)
  const locals = [
    'SRS0=',
    'SRS0==',
    'SRS0====',
    'SRS0=abcd',
    'SRS1=abcd',
    'SRS1====',
    `SRS0=${long}`,
    `SRS1=${'='.repeat(900)}`,
    'SRS0+\xff\x80=\r\n',
  ]
  for (const local of locals) {
    const [code, envelope, text] = await reverse(home, `F\0T${local}@srs.example.org\0\0`)
    t.same([code, envelope], [82, ''])
    t.match(text, /^DSRS: [ -~]+\. \(#5\.1\.1\)$/, JSON.stringify(local).slice(0, 20))
  }
})
