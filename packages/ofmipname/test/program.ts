import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openCdb } from '@moreqmail/cdb'
import t from 'tap'

const home = mkdtempSync(join(tmpdir(), 'ofmipname-'))
t.teardown(() => rmSync(home, { recursive: true }))

interface Run {
  readonly args?: readonly string[]
  readonly name?: string
  readonly stdin?: number
}

function run(input: string, { args = ['n.cdb', 'n.tmp'], name = 'ofmipname', stdin }: Run = {}) {
  const io = stdin === undefined ? { input: Buffer.from(input, 'latin1') } : { stdio: [stdin, 'pipe', 'pipe'] as const }
  const { status, stdout, stderr } = spawnSync(resolve('dist/bin', name), args, {
    cwd: home,
    env: {},
    ...(io as object),
  })
  return { code: status, out: stdout.toString('latin1'), err: stderr.toString('latin1') }
}

/** All records as `key=data`, with `|` for NUL. */
function records(): string[] {
  const cdb = openCdb(join(home, 'n.cdb'))
  if (typeof cdb !== 'object') throw new Error('no cdb')
  const out = Array.from(cdb.records(), (record) => {
    if (typeof record === 'number') throw new Error('damaged')
    return `${Buffer.from(record.key).toString('latin1')}=${Buffer.from(record.data).toString('latin1').replaceAll('\0', '|')}`
  })
  cdb.close()
  return out
}

const done = { code: 0, out: '', err: '' }

t.test('lines become records', async (t) => {
  t.same(run('joe@x.y:Joe Shmoe:j@z.w:\n'), done)
  t.same(records(), ['joe@x.y=Joe Shmoe|j@z.w'])
  t.notOk(existsSync(join(home, 'n.tmp')))
  t.equal(statSync(join(home, 'n.cdb')).mode & 0o777, 0o644)
  t.same(run('# c:o:m:\n\nno colon\none:two\none:two:three\n:::\n\xe9\0:\xff: \r:\r\na:b:c:rest:of it'), done)
  t.same(
    records(),
    ['=|', '\xe9|=\xff| \r', 'a=b|c'].map((r) => r.replace('\xe9|', '\xe9\0')),
  )
  t.same(run(''), done)
  t.same(records(), [])
  t.same(run('a:b:c'), done)
  t.same(records(), [])
  const many = Array.from({ length: 20_000 }, (_, i) => `u${i}@x:U ${i}:u@y:`)
  t.same(run(`${many.join('\n')}\n`), done)
  t.equal(records().length, 20_000)
})

t.test('failures', async (t) => {
  writeFileSync(join(home, 'n.cdb'), 'old')
  for (const name of ['ofmipname', 'qmail-ofmipname']) {
    const usage = { code: 100, out: '', err: `${name}: usage: ${name} cdb tmp\n` }
    t.same(run('', { args: [], name }), usage)
    t.same(run('', { args: ['n.cdb'], name }), usage)
    const fatal = (text: string) => ({ code: 111, out: '', err: `${name}: fatal: ${text}\n` })
    t.same(
      run('a:b:c:\n', { args: ['n.cdb', 'none/n.tmp'], name }),
      fatal('unable to create none/n.tmp: file does not exist'),
    )
    t.same(run('a:b:c:\n', { args: ['n.cdb', '.'], name }), fatal('unable to create .: is a directory'))
    t.same(
      run('a:b:c:\n', { args: ['none/n.cdb', 'n.tmp'], name }),
      fatal('unable to move n.tmp to none/n.cdb: file does not exist'),
    )
    t.same(run('a:b:c:\n', { args: ['.', 'n.tmp'], name }).code, 111)
    const stdin = openSync(home, 'r')
    t.same(run('', { name, stdin }), fatal('unable to read input: is a directory'))
    t.same(run(`a:b:c:\n${'x'.repeat(1024 * 1024)}`, { name }), fatal('unable to read input: line too long'))
    t.equal(readFileSync(join(home, 'n.cdb'), 'utf8'), 'old', 'what was there is as it was')
    t.notOk(existsSync(join(home, 'n.tmp')))
  }
  t.same(run(`a:${'x'.repeat(1024 * 1024 - 10)}:c:\n`), done)
})
