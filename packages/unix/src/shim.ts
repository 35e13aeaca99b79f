/** The system calls of native/, typed and loaded. */
import type { Errno } from './errno.ts'

/**
 * Each call returns a negative errno on failure, never throws, and retries at EINTR (but for poll).
 * Strings are byte strings. Descriptors made here are close-on-exec until `keep`.
 */
export interface Sys {
  /** The arguments the image was started with, the runtime's own included. */
  argv(): string[] | Errno
  /** The environment the image was started with: `NAME=VALUE` each. */
  environ(): string[]
  /** From now on only these descriptors above 2 (and what `keep` and `dup2` name) are inherited. */
  inheritable(fds: Int32Array): Errno

  read(fd: number, into: Uint8Array, offset: number, length: number): number
  pread(fd: number, into: Uint8Array, offset: number, length: number, position: number): number
  write(fd: number, from: Uint8Array, offset: number, length: number): number
  /** One write that does not wait; fewer bytes than asked for is usual. */
  writesome(fd: number, from: Uint8Array, offset: number, length: number): number
  /** Reads from a socket or, on Linux, a pipe without taking the bytes; -ENOTSOCK: not possible. */
  peek(fd: number, into: Uint8Array, offset: number, length: number): number
  /** The whole file, at most max bytes (-EFBIG). */
  slurp(path: string, max: number): Uint8Array | Errno
  /** The same as a byte string. */
  text(path: string, max: number): string | Errno
  open(path: string, flags: number, mode: number): number
  close(fd: number): Errno
  /** [reading end, writing end] */
  pipe(): [number, number] | Errno
  socketpair(): [number, number] | Errno
  /** A copy with the lowest free number from `least` on. */
  dup(fd: number, least: number): number
  /** `to` becomes a copy of `from` and is inherited. */
  dup2(from: number, to: number): number
  /** With 1 the descriptor is inherited from now on, with 0 no longer. */
  keep(fd: number, on: 0 | 1): Errno
  /** 0 if the descriptor is open, and not one of the runtime's own. */
  isopen(fd: number): Errno
  nonblock(fd: number, on: 0 | 1): Errno
  /** Triples fd, events, revents; milliseconds, negative: no limit. How many are ready; -EINTR is possible. */
  poll(fds: Int32Array, count: number, ms: number): number
  /** whence: 0 set, 1 current, 2 end */
  lseek(fd: number, offset: number, whence: number): number
  ftruncate(fd: number, size: number): Errno
  fsync(fd: number): Errno
  /** LOCK_SH 1, LOCK_EX 2, LOCK_NB 4, LOCK_UN 8 */
  flock(fd: number, operation: number): Errno

  /** dev, ino, mode, nlink, uid, gid, size, atime, mtime (seconds with fraction) into `out`. */
  stat(path: string, follow: 0 | 1, out: Float64Array): Errno
  fstat(fd: number, out: Float64Array): Errno
  /** R_OK 4, W_OK 2, X_OK 1, F_OK 0, by the real ids */
  access(path: string, mode: number): Errno
  rename(from: string, to: string): Errno
  link(from: string, to: string): Errno
  symlink(target: string, path: string): Errno
  unlink(path: string): Errno
  rmdir(path: string): Errno
  mkdir(path: string, mode: number): Errno
  chmod(path: string, mode: number): Errno
  chown(path: string, uid: number, gid: number): Errno
  chdir(path: string): Errno
  chroot(path: string): Errno
  /** The old mask. */
  umask(mask: number): number
  getcwd(): string | Errno
  readlink(path: string): string | Errno
  /** Names without `.` and `..`, in no order. */
  readdir(path: string): string[] | Errno
  /**
   * The same names, each ended by a NUL; where these are; and of each name what stat says: triples of size, atime,
   * mtime; NaN where it fails. Strings of many names would take longer than all the rest.
   */
  scandir(path: string): [Uint8Array, Uint32Array, Float64Array] | Errno
  /** 1 if the path leads to the executable that runs now. */
  isself(path: string): number

  socket(family: 4 | 6, datagram: 0 | 1): number
  /** ip: a literal, IPv6 with `%interface` if it needs one. */
  connect(fd: number, ip: string, port: number): Errno
  bind(fd: number, ip: string, port: number): Errno
  listen(fd: number, backlog: number): Errno
  accept(fd: number): number
  /** [address, port] of our end (0) or the peer (1); IPv4-mapped IPv6 comes as IPv4. */
  sockname(fd: number, peer: 0 | 1): [string, number] | Errno
  /** how: 0 reading, 1 writing, 2 both */
  shutdown(fd: number, how: number): Errno
  setsockopt(fd: number, option: number, value: number): Errno
  /** 0, or how a non-blocking connect has failed. */
  sockerror(fd: number): Errno
  /** Addresses of the interfaces that are up. */
  ifaddrs(): string[] | Errno
  /** The normal form of an address literal; -EINVAL if it is none. */
  ip(text: string): string | Errno
  gethostname(): string | Errno

  exec(path: string, argv: readonly string[], env: readonly string[]): Errno
  /**
   * map: pairs from, to (from -1 closes); flags: 1 own process group, 2 own session, 4 nothing above 2 but what the map
   * names. The child's pid.
   */
  spawn(path: string, argv: readonly string[], env: readonly string[], map: Int32Array, flags: number): number
  /**
   * A child in which descriptors, signals and process name are those of a new program; arguments as for spawn, and flag
   * 8: waitpid returns when it has called exit. 0 in the child. -EBUSY: not with more than one thread.
   */
  fork(argv: readonly string[], map: Int32Array, flags: number): number
  /** Descriptors, signals and process name as exec would leave them, in the running image. */
  become(argv: readonly string[]): Errno
  /**
   * A child with the descriptors of the map and no others above 2, and next to no memory of its own, whatever threads
   * this process has. It reads one byte from a descriptor and makes the first choice for it: [the byte as a character,
   * `end` or `other`; a line for descriptor 2 or ''; the exit code; a path and argv of the program that it becomes, or
   * neither]. Its pid.
   */
  standby(fd: number, map: Int32Array, choices: ReadonlyArray<readonly string[]>, env: readonly string[]): number
  /** The process name and, as far as they fit, the arguments that ps shows. */
  title(argv: readonly string[]): Errno
  threads(): number
  /** The pid, or 0 for `how` 1 and still running; `how` 2 is a stop too. status[0] is the raw wait status. */
  waitpid(pid: number, how: 0 | 1 | 2, status: Int32Array): number
  kill(pid: number, signal: number): Errno
  setpgid(pid: number, group: number): Errno
  setsid(): number
  getpid(): number
  getppid(): number
  getuid(): number
  geteuid(): number
  getgid(): number
  getegid(): number
  /** Ends the process at once; nothing is flushed. */
  exit(code: number): never

  /** The reading end of a pipe into which each of these signals writes its number. Once per image. */
  sigpipe(signals: Int32Array): number
  signal(signal: number, ignored: 0 | 1): Errno
  /** SIGALRM in so many seconds, 0: none; the seconds that were left. */
  alarm(seconds: number): number

  setgroups(gid: number): Errno
  initgroups(name: string, gid: number): Errno
  setgid(gid: number): Errno
  setuid(uid: number): Errno
  /** [name, uid, gid, home, shell], 0: no such user */
  getpwnam(name: string): [string, number, number, string, string] | Errno
  getpwuid(uid: number): [string, number, number, string, string] | Errno
  /** The gid; -ENOENT: no such group. */
  getgrnam(name: string): number
  dumpable(on: 0 | 1): Errno
  /**
   * The soft limit of descriptors; a positive number sets it, at most to the hard one, for as long as this program runs:
   * the next one, and a child, has it as it was.
   */
  nofile(limit: number): number
  echo(fd: number, on: 0 | 1): Errno

  /** 0: seconds since 1970, 1: milliseconds that never jump; both with fraction. */
  clock(monotonic: 0 | 1): number
  random(into: Uint8Array, offset: number, length: number): Errno
  latin1(bytes: Uint8Array, offset: number, length: number): string
  /** The string's bytes into a range, as many as fit. */
  encode(text: string, into: Uint8Array, offset: number, length: number): number
}

/** Where the shim is: set by the build. '' means beside the executable. */
declare const MOREQMAIL_SHIM: string

/** The version of the sources, set by the build. */
declare const MOREQMAIL_VERSION: string

/** True when the executable is the compiled one, so that execPath is moreqmail itself. */
export const compiled: boolean = MOREQMAIL_SHIM === ''

/** There is no way to a descriptor without the shim: this one message goes through the runtime. */
function unusable(path: string, why: string): never {
  // biome-ignore lint/suspicious/noConsole: see above
  console.error(`moreqmail: fatal: unable to load ${path}: ${why.replace(/[^ -~]+/g, ' ')}`)
  // To whoever runs a plugin every code but one is an acceptance.
  process.exit(/(^|\/)qmail-spp-[^/]*$/.test(process.argv0) ? 120 : 111)
}

type SystemCall = (...args: unknown[]) => unknown

/** Takes the place of a system call. */
export type StandIn = (name: keyof Sys, real: SystemCall) => SystemCall

interface Shim {
  get(name: string): SystemCall | undefined
  /** '' if it was built by itself, for trying out. */
  readonly version: string
}

function load(): Shim {
  const path = MOREQMAIL_SHIM || `${process.execPath.slice(0, process.execPath.lastIndexOf('/'))}/moreqmail.node`
  const loaded: { exports: unknown } = { exports: {} }
  try {
    process.dlopen(loaded, path)
  } catch (error) {
    unusable(path, String(error))
  }
  const shim = loaded.exports as Shim
  if (shim.version !== '' && shim.version !== MOREQMAIL_VERSION)
    unusable(path, `it is of version ${shim.version}, not ${MOREQMAIL_VERSION}`)
  return shim
}

const shim = load()

/** Set during a rehearsal only. */
const instead: { of: StandIn | undefined } = { of: undefined }

function call(name: string): SystemCall | undefined {
  const real = shim.get(name)
  return real === undefined || instead.of === undefined ? real : instead.of(name as keyof Sys, real)
}

// Each call becomes a property of its own when it is first used; from then on nothing stands in between.
const first: ProxyHandler<object> = {
  get(_, name, calls) {
    const value = typeof name === 'string' ? call(name) : undefined
    if (value !== undefined) Object.defineProperty(calls, name, { value, writable: true })
    return value
  },
}

export const sys: Sys = Object.create(new Proxy({}, first))

/** True while stand-ins take the place of the system. */
export function rehearsing(): boolean {
  return instead.of !== undefined
}

/** Makes a call ready that is used later on, in a fork of this process. */
export function makeReady(name: keyof Sys): void {
  void sys[name]
}

/** Puts a stand-in in the place of each system call; undefined puts the real ones back. */
export function standIn(replace: StandIn | undefined): void {
  instead.of = replace
  const calls = sys as unknown as Record<string, SystemCall | undefined>
  for (const name of Object.getOwnPropertyNames(sys)) calls[name] = call(name)
}
