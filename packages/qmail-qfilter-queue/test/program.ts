import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { BIN, MESSAGE, run } from '../../qmail-qfilter/test/lib/start.ts'

function home(filters?: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'filters-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  mkdirSync(join(dir, 'control'))
  mkdirSync(join(dir, 'bin'))
  const script = (name: string, text: string) => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(dir, name), 0o755)
  }
  script('bin/qmail-queue', 'cat >"$QMAILHOME/message"')
  script('bin/up', 'exec tr a-z A-Z')
  script('bin/with blank', 'cat; echo "$# $0"')
  if (filters !== undefined) writeFileSync(join(dir, 'control/filters'), filters)
  return dir
}

const queue = async (dir: string, env: Record<string, string> = {}) =>
  (await run(['qmail-qfilter-queue', 'ignored'], { QMAILHOME: dir, QMAILQUEUEFILTERS: 'control/filters', ...env })).code
const kept = (dir: string) => readFileSync(join(dir, 'message'), 'latin1')

t.test('the filters of the file', async (t) => {
  const dir = home('# comment\n\nbin/up\nbin/with blank \t\n')
  t.equal(await queue(dir), 0)
  t.equal(kept(dir), `${MESSAGE.toUpperCase()}0 bin/with blank\n`)
  const ours = home('qmail-qfilter-addtlsheader\nqmail-qfilter-viruscan\nqmail-qfilter-addtlsheader')
  t.equal(await queue(ours, { SSL_PROTOCOL: 'p', SSL_CIPHER: 'c' }), 0)
  t.match(kept(ours), /^(?:Received: \(ucspitls p c\).*\n){2}Subject: hi\n\nhello\n$/)
})

t.test('no filters', async (t) => {
  for (const filters of ['', '# comment\n']) {
    const dir = home(filters)
    t.equal(await queue(dir), 0)
    t.equal(kept(dir), MESSAGE)
  }
})

t.test('a question in place of a filter', async (t) => {
  for (const question of ['--help', '--version']) {
    const dir = home(`${question}\n`)
    t.equal(await queue(dir), 55)
    t.notOk(existsSync(join(dir, 'message')))
  }
})

t.test('a file that is not there switches nothing off', async (t) => {
  const dir = home()
  t.equal(await queue(dir), 55)
  t.equal(await queue(dir, { QMAILQUEUEFILTERS: '' }), 55)
  t.equal(await queue(dir, { QMAILQUEUEFILTERS: 'control' }), 55, 'a directory')
  t.equal(await queue(join(dir, 'none')), 61)
  t.notOk(existsSync(join(dir, 'message')))
})

t.test('a line of dashes is no filter', async (t) => {
  t.equal(await queue(home('bin/up\n--\nbin/up\n')), 81)
  t.equal(await queue(home('--\n')), 81)
})

t.test('where qmail-qfilter is', async (t) => {
  const dir = home('bin/up\n')
  writeFileSync(join(dir, 'bin/qmail-qfilter'), '#!/bin/sh\necho "$@" >"$QMAILHOME/words"\n')
  chmodSync(join(dir, 'bin/qmail-qfilter'), 0o755)
  t.equal(await queue(dir), 0)
  t.equal(readFileSync(join(dir, 'words'), 'latin1'), 'bin/up\n', 'first in the home')
  t.equal(await queue(home('bin/up\n'), { PATH: '/none' }), 71)
  const linked = home('bin/up\n')
  symlinkSync(join(BIN, 'qmail-qfilter'), join(linked, 'bin/qmail-qfilter'))
  t.equal(await queue(linked, { PATH: '/usr/bin:/bin' }), 0)
  t.equal(kept(linked), MESSAGE.toUpperCase())
})

t.test('many filters', async (t) => {
  const dir = home('bin/up\n'.repeat(50))
  t.equal(await queue(dir), 0)
  t.equal(kept(dir), MESSAGE.toUpperCase())
})
