/** Error numbers and their names in qmail's wording. Pure. */

/** A failed call returns a negative one of these; so `result < 0` is a failure. */
export type Errno = number

export const EPERM = 1
export const ENOENT = 2
export const EINTR = 4
export const EIO = 5
export const E2BIG = 7
export const ENOEXEC = 8
export const EBADF = 9
export const ECHILD = 10
export const EACCES = 13
export const EBUSY = 16
export const EEXIST = 17
export const ENOTDIR = 20
export const EISDIR = 21
export const EINVAL = 22
export const EFBIG = 27
export const ESPIPE = 29
export const EPIPE = 32

const linux = process.platform === 'linux'
export const EAGAIN = linux ? 11 : 35
export const ENOMEM = 12
export const ENFILE = 23
export const EMFILE = 24
export const ENOTTY = 25
export const ETXTBSY = 26
export const ENOSPC = 28
export const EROFS = 30
export const ENAMETOOLONG = linux ? 36 : 63
export const ELOOP = linux ? 40 : 62
export const EPROTO = linux ? 71 : 100
export const ENOTSOCK = linux ? 88 : 38
export const EPROTONOSUPPORT = linux ? 93 : 43
export const EAFNOSUPPORT = linux ? 97 : 47
export const EADDRINUSE = linux ? 98 : 48
export const EADDRNOTAVAIL = linux ? 99 : 49
export const ENETDOWN = linux ? 100 : 50
export const ENETUNREACH = linux ? 101 : 51
export const ECONNABORTED = linux ? 103 : 53
export const ECONNRESET = linux ? 104 : 54
export const EISCONN = linux ? 106 : 56
export const ENOTCONN = linux ? 107 : 57
export const ETIMEDOUT = linux ? 110 : 60
export const ECONNREFUSED = linux ? 111 : 61
export const EHOSTUNREACH = linux ? 113 : 65
export const EALREADY = linux ? 114 : 37
export const EINPROGRESS = linux ? 115 : 36
export const EDQUOT = linux ? 122 : 69
export const ESTALE = linux ? 116 : 70

/** Made when an error is to be told: most programs never need it. */
const wording = (): ReadonlyMap<Errno, string> =>
  new Map([
    [EPERM, 'permission denied'],
    [ENOENT, 'file does not exist'],
    [EINTR, 'interrupted system call'],
    [EIO, 'input/output error'],
    [E2BIG, 'argument list too long'],
    [ENOEXEC, 'exec format error'],
    [EBADF, 'file descriptor not open'],
    [ECHILD, 'no child processes'],
    [EACCES, 'access denied'],
    [EBUSY, 'device busy'],
    [EEXIST, 'file already exists'],
    [ENOTDIR, 'not a directory'],
    [EISDIR, 'is a directory'],
    [EINVAL, 'invalid argument'],
    [EFBIG, 'file too big'],
    [ESPIPE, 'invalid seek'],
    [EPIPE, 'broken pipe'],
    [EAGAIN, 'temporary failure'],
    [ENOMEM, 'out of memory'],
    [ENFILE, 'too many open files in system'],
    [EMFILE, 'too many open files'],
    [ENOTTY, 'not a tty'],
    [ETXTBSY, 'text busy'],
    [ENOSPC, 'out of disk space'],
    [EROFS, 'read-only file system'],
    [ENAMETOOLONG, 'file name too long'],
    [ELOOP, 'symbolic link loop'],
    [EPROTO, 'protocol error'],
    [ENOTSOCK, 'socket operation on non-socket'],
    [EPROTONOSUPPORT, 'protocol not supported'],
    [EAFNOSUPPORT, 'address family not supported by protocol family'],
    [EADDRINUSE, 'address already used'],
    [EADDRNOTAVAIL, 'address not available'],
    [ENETDOWN, 'network down'],
    [ENETUNREACH, 'network unreachable'],
    [ECONNABORTED, 'connection aborted'],
    [ECONNRESET, 'connection reset'],
    [EISCONN, 'already connected'],
    [ENOTCONN, 'not connected'],
    [ETIMEDOUT, 'timed out'],
    [ECONNREFUSED, 'connection refused'],
    [EHOSTUNREACH, 'host unreachable'],
    [EALREADY, 'operation already in progress'],
    [EINPROGRESS, 'operation in progress'],
    [EDQUOT, 'disk quota exceeded'],
    [ESTALE, 'stale NFS file handle'],
  ])

/** What an error number (of either sign) means, as qmail's programs say it. */
export function errorText(errno: Errno): string {
  const n = Math.abs(errno)
  return wording().get(n) ?? `error ${n}`
}
