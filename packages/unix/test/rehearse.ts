/** Rehearsals have no effect, whatever is rehearsed. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  ENOENT,
  EPERM,
  environment,
  exec,
  exit,
  O_CREAT,
  O_RDONLY,
  O_WRONLY,
  Reader,
  rehearse,
  sys,
  Writer,
} from '../src/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'rehearse-'))
t.teardown(() => rmSync(dir, { recursive: true }))
writeFileSync(join(dir, 'file'), 'content')
const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').trim()
const descriptors = () => readdirSync('/dev/fd').length

/** What the body of a rehearsal has come to: how far, and with what. */
function rehearsed(body: (note: (value: unknown) => void) => void): unknown[] {
  const notes: unknown[] = []
  rehearse(() => body((value) => notes.push(value)))
  return notes
}

t.test('it ends at the exit, and comes back', async (t) => {
  t.same(
    rehearsed((note) => {
      note('before')
      exit(3)
      note('after')
    }),
    ['before'],
  )
  t.same(
    rehearsed((note) => {
      note('before')
      throw new Error('what nobody has foreseen')
    }),
    ['before'],
  )
})

t.test('nothing is written, made, started or changed', async (t) => {
  const [reading, writing] = sys.pipe() as [number, number]
  const cwd = process.cwd()
  const before = descriptors()
  const notes = rehearsed((note) => {
    const out = new Writer(writing)
    out.puts('lost')
    note(out.flush())
    note(sys.open(join(dir, 'new'), O_WRONLY | O_CREAT, 0o600))
    note(sys.unlink(join(dir, 'file')))
    note(sys.kill(sys.getpid(), 9))
    note(sys.setuid(12345))
    note(sys.chdir('/'))
    note(sys.close(writing))
    environment().set('NEW', 'x')
    note(exec(['/bin/true']))
    note(sys.spawn('/bin/true', ['true'], [], new Int32Array(0), 0))
    note(sys.fork(['true'], new Int32Array(0), 0))
  })
  t.same(notes, [true, -EPERM, -EPERM, -EPERM, 0, 0, 0, -EPERM, -EPERM, 0], 'of a fork, the way of the child')
  t.equal(children(), '', 'there is no child')
  t.equal(sys.getuid(), process.getuid?.(), 'who gives up a user in a rehearsal keeps it')
  t.notOk(existsSync(join(dir, 'new')))
  t.ok(existsSync(join(dir, 'file')))
  t.equal(process.cwd(), cwd)
  t.equal(environment().get('NEW'), undefined)
  t.equal(descriptors(), before)
  t.equal(sys.writesome(writing, new Uint8Array([65]), 0, 1), 1, 'now it is')
  const bytes = new Uint8Array(9)
  t.equal(sys.read(reading, bytes, 0, 9), 1)
  t.equal(bytes[0], 65)
  sys.close(reading)
  sys.close(writing)
})

t.test('within a rehearsal nothing is rehearsed', async (t) => {
  const notes = rehearsed((note) => {
    rehearse(() => note('inner'))
    note(sys.mkdir(join(dir, 'new'), 0o700))
    note(sys.fork(['true'], new Int32Array(0), 0))
    note([sys.getpwnam('root'), sys.getpwuid(0), sys.getgrnam('root')])
    exit(7)
  })
  t.same(notes, [-EPERM, 0, [0, 0, -ENOENT]], 'the stand-ins are still there')
  t.notOk(existsSync(join(dir, 'new')))
  t.equal(children(), '')
})

t.test('files are read, where the program believes to be', async (t) => {
  const before = descriptors()
  const notes = rehearsed((note) => {
    sys.chdir(dir)
    const text = sys.slurp('file', 100)
    note(typeof text === 'number' ? text : sys.latin1(text, 0, text.length))
    sys.chdir('..')
    note(sys.access(join('.', dir.slice(dir.lastIndexOf('/') + 1), 'file'), 4))
    const fd = sys.open(join(dir, 'file'), O_RDONLY, 0)
    const bytes = new Uint8Array(9)
    note(sys.read(fd, bytes, 0, 9))
    note(sys.pread(fd, bytes, 0, 9, 4))
  })
  t.same(notes, ['content', 0, 7, 3])
  t.equal(descriptors(), before, 'what it has opened is closed')
})

t.test('a connection is behind every descriptor, and nothing comes', async (t) => {
  const notes = rehearsed((note) => {
    note(sys.sockname(0, 1))
    const input = new Reader(0, { timeout: 1000 })
    note(input.line())
    const poll = Int32Array.of(5, 1, 0, 6, 4, 0)
    note([sys.poll(poll, 2, -1), poll[2], poll[5]])
  })
  t.same(notes, [['127.0.0.1', 65535], 'eof', [2, 1, 4]])
})

t.test('who waits for ever is not waited for', async (t) => {
  const notes = rehearsed((note) => {
    for (;;) {
      if (sys.clock(1) < 0) note('never')
    }
  })
  t.same(notes, [])
})
