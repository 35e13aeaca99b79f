/** adapt.mjs changes where the code of an executable is, one name of what it imports and which libraries it wants. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const ROUND = 2 << 20
const PAGE = 4096
const dir = mkdtempSync(join(tmpdir(), 'adapt-'))
t.teardown(() => rmSync(dir, { recursive: true }))

function adapt(from: string): string {
  const to = `${from}.adapted`
  execFileSync(process.execPath, ['packages/toolkit/adapt.mjs', from, to])
  return to
}

/** How far apart, by 2 MiB, position and address of the code are; undefined if that is no executable of 64 bits. */
function apart(path: string): number | undefined {
  const file = readFileSync(path)
  if (file.toString('latin1', 0, 4) !== '\x7fELF' || file[4] !== 2) return undefined
  const table = Number(file.readBigUInt64LE(32))
  for (let i = 0; i < file.readUInt16LE(56); i++) {
    const at = table + i * file.readUInt16LE(54)
    if (file.readUInt32LE(at) !== 1 || (file.readUInt32LE(at + 4) & 1) === 0) continue
    return Number((file.readBigUInt64LE(at + 16) - file.readBigUInt64LE(at + 8)) & BigInt(ROUND - 1))
  }
  return undefined
}

t.test('a program of C, with its sections and its debugging', { skip: process.platform !== 'linux' }, async (t) => {
  const source = join(dir, 'program.c')
  writeFileSync(source, '#include <stdio.h>\nint main(int c, char **v) { return printf("%s\\n", v[c - 1]); }\n')
  const before = join(dir, 'program')
  const flags = ['-g', '-no-pie', '-Wl,-z,max-page-size=4096', '-Wl,--section-start=.init=0x5a3000']
  execFileSync('cc', [...flags, '-o', before, source])
  const after = adapt(before)
  t.ok((apart(before) ?? 0) > 0, 'there is something to do')
  t.equal(apart(after), 0)
  t.ok(statSync(after).size > statSync(before).size && (statSync(after).size - statSync(before).size) % PAGE === 0)
  t.equal(statSync(after).mode & 0o777, 0o755 & ~process.umask())
  const ran = spawnSync(after, ['seven'], { encoding: 'latin1' })
  t.same([ran.status, ran.stdout], [6, 'seven\n'])
  const names = (path: string) => execFileSync('nm', [path], { encoding: 'latin1' })
  t.equal(names(after), names(before), 'symbols are found')
  t.equal(apart(adapt(after)), 0)
  t.same(readFileSync(adapt(after)), readFileSync(after), 'once is enough')
})

t.test('a program that raises a limit only looks at it', { skip: process.platform !== 'linux' }, async (t) => {
  const source = join(dir, 'limit.c')
  const raise = (name: string) =>
    `${name}(RLIMIT_NOFILE, &r); r.rlim_cur = r.rlim_max; setrlimit(RLIMIT_NOFILE, &r); ${name}(RLIMIT_NOFILE, &r);`
  const main = `int main(void) { struct rlimit r; ${raise('getrlimit')} return r.rlim_cur == r.rlim_max; }`
  writeFileSync(source, `#include <sys/resource.h>\n${main}\n`)
  const before = join(dir, 'limit')
  execFileSync('cc', ['-o', before, source])
  const lower = (path: string) => spawnSync('sh', ['-c', 'ulimit -Sn 60; exec "$0"', path]).status
  t.equal(lower(before), 1)
  t.equal(lower(adapt(before)), 0)
})

t.test('libraries that are empty are no longer wanted', { skip: process.platform !== 'linux' }, async (t) => {
  const source = join(dir, 'thread.c')
  const main = 'int main(void) { pthread_t p; return pthread_create(&p, 0, run, 0) || pthread_join(p, 0) || !done; }'
  const run = 'static int done; static void *run(void *v) { done = 1; return v; }'
  writeFileSync(source, `#include <pthread.h>\n${run}\n${main}\n`)
  const before = join(dir, 'thread')
  execFileSync('cc', ['-o', before, source, '-Wl,--no-as-needed', '-l:libpthread.so.0', '-l:libdl.so.2', '-lm'])
  const wanted = (path: string) =>
    Array.from(
      execFileSync('readelf', ['-d', path], { encoding: 'latin1' }).matchAll(/NEEDED.*\[(.*)\]/g),
      ([, name]) => name,
    )
  const empty = ['libpthread.so.0', 'libdl.so.2']
  t.same(
    empty.map((name) => wanted(before).includes(name)),
    [true, true],
  )
  const after = adapt(before)
  t.same(
    wanted(after),
    wanted(before).filter((name) => name && !empty.includes(name)),
  )
  t.equal(spawnSync(after).status, 0)
  const path = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'moreqmail')
  if (readFileSync(path).toString('latin1', 1, 4) === 'ELF')
    t.same(
      wanted(path).filter((name) => name && empty.includes(name)),
      [],
      "nor the executable's",
    )
})

t.test('anything else is copied', async (t) => {
  for (const text of ['', 'x', '#!/bin/sh\n', `\x7fELF\x01\x01${'\0'.repeat(60)}`, 'y'.repeat(200_000)]) {
    const path = join(dir, 'other')
    writeFileSync(path, text, 'latin1')
    t.equal(readFileSync(adapt(path), 'latin1'), text)
  }
})

t.test('the executable is one of these', { skip: process.platform !== 'linux' }, async (t) => {
  const path = join(resolve(process.env['MOREQMAIL_BIN'] ?? 'dist/bin'), 'moreqmail')
  t.ok([0, undefined].includes(apart(path)), 'on Node it is a script')
})
