/** Runs code for nothing but that a fork made later finds it ready. */
import { ENOENT, EPERM } from './errno.ts'
import { andBack, REHEARSED, rehearsalInput } from './image.ts'
import { rehearsing, type StandIn, type Sys, standIn, sys } from './shim.ts'

/** More calls than this are not made by a program on its way to its first read, but by one that waits for something. */
const MAX_CALLS = 10_000

const WRITING = 3

/** These change nothing outside, and are made. A function, since most programs rehearse nothing. */
const harmless = (): ReadonlySet<keyof Sys> =>
  new Set([
    'environ',
    'isself',
    'ip',
    'gethostname',
    'getpid',
    'getppid',
    'getuid',
    'geteuid',
    'getgid',
    'getegid',
    'clock',
    'random',
    'latin1',
    'encode',
  ] as const)

/** How often it is worth it: the second time the engine also remembers where it has found things. */
export const REHEARSALS = 2

/**
 * Runs the body, up to its exit and through the programs of ours it becomes, without any effect: nothing is written,
 * started or changed. Files are read; each program reads what its `rehearsal` has and finds that a connection is
 * behind every descriptor, and that there are no users. The engine makes a function's code when it first runs: this way
 * once, not in every child. Within a rehearsal nothing is rehearsed.
 */
export function rehearse(body: () => void): void {
  if (rehearsing()) return
  const unchanged = harmless()
  const opened = new Set<number>()
  let calls = 0
  let directory = ''
  let taken = 0

  const at = (path: unknown): unknown =>
    typeof path === 'string' && directory !== '' && !path.startsWith('/') ? `${directory}/${path}` : path

  const answer: StandIn = (name, real) => {
    if (unchanged.has(name)) return real
    switch (name) {
      case 'exit':
        return () => {
          throw REHEARSED
        }
      case 'slurp':
      case 'text':
      case 'stat':
      case 'access':
      case 'readlink':
      case 'readdir':
        return (path, ...more) => real(at(path), ...more)
      case 'open':
        return (path, flags, mode) => {
          if (Number(flags) & WRITING) return -EPERM
          const fd = Number(real(at(path), flags, mode))
          if (fd >= 0) opened.add(fd)
          return fd
        }
      case 'fstat':
      case 'lseek':
      case 'pread':
        return (fd, ...more) => (opened.has(Number(fd)) ? real(fd, ...more) : -EPERM)
      case 'peek':
      case 'read':
        return (fd, into, offset, length) => {
          if (opened.has(Number(fd))) return real(fd, into, offset, length)
          const piece = rehearsalInput().slice(taken, taken + Number(length))
          if (name === 'read') taken += piece.length
          return sys.encode(piece, into as Uint8Array, Number(offset), Number(length))
        }
      case 'close':
        return (fd) => (opened.delete(Number(fd)) ? real(fd) : 0)
      case 'chdir':
        return (path) => {
          directory = String(at(path))
          return 0
        }
      case 'write':
      case 'writesome':
        return (_fd, _from, _offset, length) => length
      case 'poll':
        return (fds, count) => {
          const triples = fds as Int32Array
          for (let i = 0; i < 3 * Number(count); i += 3) triples[i + 2] = triples[i + 1] ?? 0
          return count
        }
      case 'getpwnam':
      case 'getpwuid':
        return () => 0
      case 'getgrnam':
        return () => -ENOENT
      case 'sockname':
        return () => ['127.0.0.1', 65535]
      case 'socketpair':
      case 'pipe':
        return () => [65534, 65535]
      case 'dup':
        return (_fd, least) => least
      case 'standby':
        return () => 1
      // Of a fork, it is the child's way that comes again.
      case 'fork':
      case 'become':
        return () => {
          taken = 0
          return 0
        }
      case 'isopen':
      case 'keep':
      case 'nofile':
      case 'nonblock':
      case 'setgid':
      case 'setgroups':
      case 'setsockopt':
      case 'setuid':
      case 'dumpable':
        return () => 0
      default:
        return () => -EPERM
    }
  }

  standIn((name, real) => {
    const made = answer(name, real)
    return (...args) => {
      if (++calls > MAX_CALLS) throw REHEARSED
      return made(...args)
    }
  })
  try {
    andBack(body)
  } catch {
    // Only the way was of interest, not where it has led to.
  } finally {
    standIn(undefined)
    for (const fd of opened) sys.close(fd)
  }
}
