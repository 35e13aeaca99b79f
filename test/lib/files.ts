/** Decides what a case's files are before the run and how they are found after it. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { raw } from './bytes.ts'
import type { FileContent, FileSet } from './case.ts'
import { cdb } from './cdb.ts'
import type { Places } from './places.ts'

/** Writes the files below the home, each whole at once: one that exists is replaced, never cut short. */
export function putFiles(files: FileSet, places: Places): void {
  for (const [path, content] of Object.entries(files)) put(path, content, places)
}

function put(path: string, content: FileContent, places: Places): void {
  const file = join(places.home, path)
  const mode = typeof content === 'object' && 'mode' in content ? content.mode : undefined
  if (path.endsWith('/')) {
    mkdirSync(file, { recursive: true })
    if (mode !== undefined) chmodSync(file, Number.parseInt(mode, 8))
    return
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.case`, bytesOf(content, places))
  chmodSync(`${file}.case`, Number.parseInt(mode ?? '644', 8))
  renameSync(`${file}.case`, file)
}

function bytesOf(content: FileContent, places: Places): Buffer {
  if (typeof content !== 'string') {
    if ('cdb' in content)
      return cdb(content.cdb.map(([key, value]) => [raw(places.fill(key)), raw(places.fill(value))]))
    if ('tls' in content) return readFileSync(join(places.tls, content.tls))
    if ('text' in content) return raw(places.fill(content.text))
  }
  return raw(places.fill(content))
}

/** A regular file's bytes; undefined if there is none. */
export function contentOf(path: string): Buffer | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : undefined
}

/** How many paths below the directory are like the shell pattern. */
export function countLike(dir: string, pattern: string): number {
  const [first = '', ...rest] = pattern.split('/')
  const names = /[*?[]/.test(first) ? namesLike(dir, first) : exists(join(dir, first)) ? [first] : []
  if (rest.length === 0) return names.length
  return names.reduce((sum, name) => sum + countLike(join(dir, name), rest.join('/')), 0)
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function namesLike(dir: string, pattern: string): readonly string[] {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')
    .replace(/\[!/g, '[^')
  const like = new RegExp(`^${source}$`, 's')
  const hidden = pattern.startsWith('.')
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(dir).filter((name) => like.test(name) && (hidden || !name.startsWith('.')))
}
