/** Sets of bytes, in which letters have no case. Pure. */
import { entryOf } from '@moreqmail/unix/table'

/** 256 bits, one for each byte. */
export type ByteSet = Uint32Array

/** Numbers in a set. */
export const SET_SIZE = 8

/** The numbers that have the letters, and the letters' bits in each. */
const UPPER = 2
const LOWER = 3
const LETTERS = 0x07fffffe

/** The classes of the C locale: first and last byte of each run. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: '09AZ',
  alpha: 'AZ',
  blank: '\t\t  ',
  cntrl: '\0\x1f\x7f\x7f',
  digit: '09',
  graph: '!~',
  lower: 'AZ',
  print: ' ~',
  punct: '!/:@[`{~',
  space: '\t\r  ',
  upper: 'AZ',
  xdigit: '09AF',
}

/** Puts the bytes from the first to the last into the set. */
export function addRange(set: ByteSet, first: number, last: number): void {
  for (let byte = first; byte <= last; byte++) set[byte >> 5] = (set[byte >> 5] ?? 0) | (1 << (byte & 31))
}

/** Puts the bytes of a class into the set; false if there is no class of this name. */
export function addClass(set: ByteSet, name: string): boolean {
  const runs = entryOf(CLASSES, name)
  if (runs === undefined) return false
  for (let i = 0; i < runs.length; i += 2) addRange(set, runs.charCodeAt(i), runs.charCodeAt(i + 1))
  return true
}

/** Puts both cases of a letter into the set where it has one. */
export function ignoreCase(set: ByteSet): void {
  const letters = ((set[UPPER] ?? 0) | (set[LOWER] ?? 0)) & LETTERS
  set[UPPER] = (set[UPPER] ?? 0) | letters
  set[LOWER] = (set[LOWER] ?? 0) | letters
}

/** Turns the set into that of all other bytes. */
export function invert(set: ByteSet): void {
  for (let i = 0; i < SET_SIZE; i++) set[i] = ~(set[i] ?? 0)
}

/** The byte in lower case, if it is a letter. */
export function fold(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
}

/** True for what words are made of: letters, digits and `_`. */
export function isWord(byte: number): boolean {
  const folded = fold(byte)
  return (folded >= 97 && folded <= 122) || (byte >= 48 && byte <= 57) || byte === 95
}
