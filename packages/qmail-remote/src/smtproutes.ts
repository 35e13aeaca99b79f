/** The rules of control/smtproutes: from the file, or from what was compiled of it. */
import { type Cdb, makeCdb, openCdb } from '@moreqmail/cdb'
import { ENOENT, List, lower, O_CREAT, O_RDONLY, O_WRONLY, readFile, sys, type Unreadable } from '@moreqmail/unix'
import type { Rules } from './route.ts'

const SOURCE = 'control/smtproutes'
const COMPILED = 'run/qmail-remote/smtproutes.cdb'
const LOCK = 'run/qmail-remote/smtproutes.lock'

/** The key of what the file was like when it was compiled: no argument, so no host, can hold a NUL. */
const LABEL = '\0file'

/** Where `stat` has them. */
const INODE = 1
const SIZE = 6
const MODIFIED = 8

const LOCK_EX = 2
const LOCK_NB = 4

/**
 * The rules; none without the file. If there is a directory run/qmail-remote that we may write to, they are compiled to
 * a constant database there each time the file has changed. Whatever goes wrong with that, the file is as good.
 */
export function smtpRoutes(unreadable: Unreadable): Rules {
  const label = labelOf(unreadable)
  if (label === undefined) return () => undefined
  const fresh = openCompiled(label)
  if (fresh !== undefined) return withFile(fresh, unreadable)
  const list = readRules(unreadable)
  compile(label, list)
  return (key) => list.value(key)
}

/** What shows that the file has changed; undefined if there is no such file. */
function labelOf(unreadable: Unreadable): string | undefined {
  const fd = sys.open(SOURCE, O_RDONLY, 0)
  if (fd === -ENOENT) return undefined
  if (fd < 0) unreadable(fd)
  const about = new Float64Array(9)
  const errno = sys.fstat(fd, about)
  sys.close(fd)
  if (errno < 0) unreadable(errno)
  return `${about[MODIFIED]} ${about[SIZE]} ${about[INODE]}`
}

function readRules(unreadable: Unreadable): List {
  return new List(readFile(SOURCE, unreadable) ?? '')
}

/** What was compiled of the file with this label; undefined if there is nothing of the kind. */
function openCompiled(label: string): Cdb | undefined {
  const compiled = openCdb(COMPILED)
  if (typeof compiled !== 'object') return undefined
  if (compiled.getText(LABEL) === label) return compiled
  compiled.close()
  return undefined
}

/** The compiled rules; the file's from the first trouble on. */
function withFile(compiled: Cdb, unreadable: Unreadable): Rules {
  let list: List | undefined
  return (key) => {
    const rule = list === undefined ? compiled.getText(lower(key)) : -ENOENT
    if (typeof rule !== 'number') return rule
    list ??= readRules(unreadable)
    return list.value(key)
  }
}

/** Compiles the rules, unless another process is just doing that. */
function compile(label: string, list: List): void {
  const lock = sys.open(LOCK, O_WRONLY | O_CREAT, 0o600)
  if (lock < 0) return
  // As smtproutes, it may hold passwords.
  if (sys.flock(lock, LOCK_EX | LOCK_NB) >= 0) makeCdb(COMPILED, recordsOf(label, list), { mode: 0o600 })
  sys.close(lock)
}

function recordsOf(label: string, list: List): Map<string, string> {
  const records = new Map([[LABEL, label]])
  for (const entry of list.entries()) {
    const colon = entry.indexOf(':')
    if (colon >= 0) records.set(lower(entry.slice(0, colon)), entry.slice(colon + 1))
  }
  return records
}
