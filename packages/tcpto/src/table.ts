/** Reading and changing the tables in their files, a lock around each. */
import { EEXIST, ENOENT, type Errno, fileKind, O_CREAT, O_EXCL, O_NONBLOCK, O_RDWR, sys } from '@moreqmail/unix'
import {
  afterAnswer,
  afterTimeout,
  type Change,
  FORM4,
  FORM6,
  type Form,
  isSkipped,
  MOST_RECORDS,
  recordOf,
} from './records.ts'

/** Below the qmail home. */
export const TCPTO = 'queue/lock/tcpto'
export const TCPTO6 = 'run/qmail-remote/tcpto6'

const LOCK_EX = 2
const LOCK_UN = 8

/** What a table could not be used for. */
export interface Unusable {
  readonly unable: 'open' | 'lock' | 'read'
  readonly errno: Errno
}

/** The bytes of a table's records, at most 64 of them. The path is from the working directory. */
export function readTable(path: string, form: Form): Uint8Array | Unusable {
  return inTable(path, form, (_, table) => table)
}

/** What is known of a host before it is tried. */
export interface Known {
  /** It is not to be tried. */
  readonly skip: boolean
  /** There is a record of it, which a try that works clears. */
  readonly recorded: boolean
}

/** Asks the table for a host, by the 4 or 16 bytes of its address. A table that can't be used knows nothing. */
export function lookUp(address: Uint8Array): Known {
  const unknown = { skip: false, recorded: false }
  const known = inTableOf(address, (form, _, table) => {
    const record = recordOf(form, table, address)
    return record === undefined ? unknown : { skip: isSkipped(record, seconds(), sys.getpid()), recorded: true }
  })
  return known ?? unknown
}

/** Notes that a host of which there was a record has answered, even if only to refuse. */
export function noteAnswer(address: Uint8Array): void {
  change(address, (form, table) => afterAnswer(form, table, address))
}

/** Notes that a host has not answered in time. */
export function noteTimeout(address: Uint8Array): void {
  change(address, (form, table) => afterTimeout(form, table, address, seconds()))
}

function change(address: Uint8Array, what: (form: Form, table: Uint8Array) => Change | undefined): void {
  inTableOf(address, (form, fd, table) => {
    const made = what(form, table)
    if (made !== undefined && sys.lseek(fd, made.offset, 0) >= 0) sys.write(fd, made.bytes, 0, made.bytes.length)
  })
}

function seconds(): number {
  return Math.floor(sys.clock(0))
}

/** Does something with the table for addresses of this length; undefined if there is none that can be used. */
function inTableOf<T>(address: Uint8Array, use: (form: Form, fd: number, table: Uint8Array) => T): T | undefined {
  const four = address.length === FORM4.addressLength
  const [path, form] = four ? ([TCPTO, FORM4] as const) : ([TCPTO6, FORM6] as const)
  let result = inTable(path, form, (fd, table) => ({ made: use(form, fd, table) }))
  if ('errno' in result && result.errno === -ENOENT && !four && create(path, form)) {
    result = inTable(path, form, (fd, table) => ({ made: use(form, fd, table) }))
  }
  return 'made' in result ? result.made : undefined
}

/** Makes an empty table, if its directory exists. True if there is one now. */
function create(path: string, { recordLength }: Form): boolean {
  const fd = sys.open(path, O_RDWR | O_CREAT | O_EXCL, 0o644)
  if (fd < 0) return fd === -EEXIST
  const empty = new Uint8Array(MOST_RECORDS * recordLength)
  sys.write(fd, empty, 0, empty.length)
  sys.close(fd)
  return true
}

/** Opens the table, and calls with its descriptor and its bytes while it is locked. */
function inTable<T>(path: string, form: Form, use: (fd: number, table: Uint8Array) => T): T | Unusable {
  const fd = sys.open(path, O_RDWR | O_NONBLOCK, 0)
  if (fd < 0) return { unable: 'open', errno: fd }
  const table = new Uint8Array(MOST_RECORDS * form.recordLength)
  const locked = sys.flock(fd, LOCK_EX)
  try {
    if (locked < 0) return { unable: 'lock', errno: locked }
    // A special file may never answer; of nothing but a file is there anything to know.
    const n = fileKind(fd) === 'file' ? sys.pread(fd, table, 0, table.length, 0) : 0
    return n < 0 ? { unable: 'read', errno: n } : use(fd, table.subarray(0, n))
  } finally {
    sys.flock(fd, LOCK_UN)
    sys.close(fd)
  }
}
