/**
 * Copies the executable that Bun has made, and adapts it: node packages/toolkit/adapt.mjs IN OUT
 *
 * - The kernel maps an executable's code by blocks of the page cache, which lie at round positions of the file and have
 *   to lie at round addresses too. In what the linker has written, addresses and positions of the code are some pages
 *   apart; here the difference becomes a multiple of 2 MiB. That starts faster.
 * - The runtime raises the soft limit of descriptors at its start, before any code of ours, and has no switch for that.
 *   What it imports for this is made getrlimit, so that it only looks: limits stay those that the administrator has set.
 * - The runtime wants libraries that are empty since the C library has taken in what they had. Loading them takes time at
 *   each start, and their mappings at each fork. Where this is so (glibc 2.34), they are no longer wanted.
 *
 * What is no executable of ELF with 64 bits is copied as it is. Written in pieces of 64 KiB, the page cache gets blocks
 * of that size: as large as what the kernel maps for one fault.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

const PAGE = 4096n
const ROUND = 2n << 20n
const PIECE = 64 << 10
/** How such a file begins: of 64 bits, numbers with the low byte first. */
const IDENT = '\x7fELF\x02\x01'
/** Where the file's header and the tables' entries have what is needed here. */
const HEADER = { programs: 32, sections: 40, programSize: 54, programCount: 56, sectionSize: 58, sectionCount: 60 }
const PROGRAM = { type: 0, flags: 4, offset: 8, address: 16, size: 32 }
const SECTION = { type: 4, offset: 24, size: 32, strings: 40 }
const LOADED = 1
const DYNAMIC = 2
const EXECUTABLE = 1
const DYNAMIC_SYMBOLS = 11

const [from, to] = process.argv.slice(2)
if (from === undefined || to === undefined) throw new Error('usage: adapt.mjs IN OUT')

/** Entries of the dynamic section: a tag and a value. */
const TAG = { end: 0n, needed: 1n, strings: 5n, versions: 0x6ffffffen }
const ENTRY = 16
/** Which versions are wanted of which library: where its name is, and how far it is to the next. */
const VERSIONS = { file: 4, next: 12 }
const C_LIBRARY = 'libc.so.6'
const TAKEN_IN = ['libpthread.so.0', 'libdl.so.2']
const TAKEN_IN_SINCE = [2, 34]

/** The offsets of a table's entries. */
function entries(file, at, size, count) {
  const start = Number(file.readBigUInt64LE(at))
  return Array.from({ length: file.readUInt16LE(count) }, (_, i) => start + i * file.readUInt16LE(size))
}

const programs = (file) => entries(file, HEADER.programs, HEADER.programSize, HEADER.programCount)
const sections = (file) => entries(file, HEADER.sections, HEADER.sectionSize, HEADER.sectionCount)

/** The file with so much room before its code that positions and addresses agree. */
function aligned(file) {
  const loaded = programs(file).filter((at) => file.readUInt32LE(at + PROGRAM.type) === LOADED)
  const code = loaded.find((at) => file.readUInt32LE(at + PROGRAM.flags) & EXECUTABLE)
  if (code === undefined) return file
  const offset = (at) => file.readBigUInt64LE(at + PROGRAM.offset)
  const room = (file.readBigUInt64LE(code + PROGRAM.address) + ROUND - (offset(code) % ROUND)) % ROUND
  const cut = offset(code) - (offset(code) % PAGE)
  const across = (at) => offset(at) < cut && offset(at) + file.readBigUInt64LE(at + PROGRAM.size) > cut
  if (room === 0n || room % PAGE !== 0n || loaded.some(across)) return file
  const moved = Buffer.concat([file.subarray(0, Number(cut)), Buffer.alloc(Number(room)), file.subarray(Number(cut))])
  const positions = [
    ...programs(file).map((at) => at + PROGRAM.offset),
    ...sections(file).map((at) => at + SECTION.offset),
    HEADER.sections,
  ]
  for (const at of positions) {
    const position = file.readBigUInt64LE(at)
    const place = BigInt(at) < cut ? at : at + Number(room)
    if (position >= cut) moved.writeBigUInt64LE(position + room, place)
  }
  return moved
}

/** Makes one imported function another, whose name is as long; without effect if one of them is not imported. */
function rename(file, old, next) {
  const table = sections(file)
  const symbols = table.find((at) => file.readUInt32LE(at + SECTION.type) === DYNAMIC_SYMBOLS)
  if (symbols === undefined) return
  const names = table[file.readUInt32LE(symbols + SECTION.strings)]
  const start = Number(file.readBigUInt64LE(names + SECTION.offset))
  const strings = file.subarray(start, start + Number(file.readBigUInt64LE(names + SECTION.size)))
  const at = strings.indexOf(`\0${old}\0`)
  if (at >= 0 && strings.includes(`\0${next}\0`)) strings.write(next, at + 1, 'latin1')
}

/** True if the C library here has what the empty ones had. */
function isTakenIn() {
  const [major = 0, minor = 0] = (process.report.getReport().header.glibcVersionRuntime ?? '').split('.').map(Number)
  const [first, second] = TAKEN_IN_SINCE
  return major > first || (major === first && minor >= second)
}

/** No longer wants the libraries that are empty; versions of them are asked of the C library. */
function dropEmpty(file) {
  const segments = programs(file)
  const dynamic = segments.find((at) => file.readUInt32LE(at + PROGRAM.type) === DYNAMIC)
  if (dynamic === undefined) return
  const position = (address) => {
    for (const at of segments) {
      const into = address - file.readBigUInt64LE(at + PROGRAM.address)
      if (file.readUInt32LE(at + PROGRAM.type) === LOADED && into >= 0n && into < file.readBigUInt64LE(at + PROGRAM.size))
        return Number(file.readBigUInt64LE(at + PROGRAM.offset) + into)
    }
    return undefined
  }
  const start = Number(file.readBigUInt64LE(dynamic + PROGRAM.offset))
  const all = []
  for (let at = start; file.readBigUInt64LE(at) !== TAG.end; at += ENTRY)
    all.push({ tag: file.readBigUInt64LE(at), value: file.readBigUInt64LE(at + 8) })
  const strings = position(all.find(({ tag }) => tag === TAG.strings)?.value ?? 0n)
  if (strings === undefined) return
  const nameAt = (offset) => file.toString('latin1', strings + offset, file.indexOf(0, strings + offset))
  const isNeeded = (entry, name) => entry.tag === TAG.needed && nameAt(Number(entry.value)) === name
  const library = all.find((entry) => isNeeded(entry, C_LIBRARY))
  const kept = all.filter((entry) => !TAKEN_IN.some((name) => isNeeded(entry, name)))
  if (library === undefined || kept.length === all.length) return
  for (let i = 0; i < all.length; i++) {
    file.writeBigUInt64LE(kept[i]?.tag ?? TAG.end, start + i * ENTRY)
    file.writeBigUInt64LE(kept[i]?.value ?? 0n, start + i * ENTRY + 8)
  }
  const versions = all.find(({ tag }) => tag === TAG.versions)
  for (let at = versions && position(versions.value), far = 1; at !== undefined && far !== 0; at += far) {
    if (TAKEN_IN.includes(nameAt(file.readUInt32LE(at + VERSIONS.file))))
      file.writeUInt32LE(Number(library.value), at + VERSIONS.file)
    far = file.readUInt32LE(at + VERSIONS.next)
  }
}

let file = readFileSync(from)
if (file.toString('latin1', 0, IDENT.length) === IDENT) {
  file = aligned(file)
  rename(file, 'setrlimit', 'getrlimit')
  if (isTakenIn()) dropEmpty(file)
}
const out = openSync(to, 'w', 0o755)
for (let at = 0; at < file.length; ) at += writeSync(out, file, at, Math.min(PIECE, file.length - at))
closeSync(out)
