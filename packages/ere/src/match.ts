/** Whether a value has a match of a pattern in it. Pure. */
import { bytes, lower } from '@moreqmail/unix/bytes'
import {
  ANY,
  type Automaton,
  BYTE,
  END,
  JUMP,
  OPERATION_BITS,
  SET,
  SPLIT,
  START,
  WORD_EDGE,
  WORD_END,
  WORD_START,
} from './automaton.ts'
import { isWord, SET_SIZE } from './bytes.ts'

const OPERATION = (1 << OPERATION_BITS) - 1

/** The bytes of a value, folded as the automaton wants them. */
export function folded(value: string): Uint8Array {
  return bytes(lower(value))
}

/**
 * True if the automaton matches anywhere in the folded value. All its ways are followed at once, place by place, and no
 * instruction twice at one place: the time is at most the product of both lengths, whatever they contain.
 */
export function matches({ code, sets }: Automaton, value: Uint8Array): boolean {
  const size = code.length
  const seen = new Int32Array(size)
  let todo = new Int32Array(2 * size + 2)
  let next = new Int32Array(2 * size + 2)
  let left = 0
  const fixed = code[0] === START
  for (let at = 0; at <= value.length; at++) {
    if (at === 0 || !fixed) todo[left++] = 0
    else if (left === 0) return false
    const byte = value[at] ?? -1
    let found = 0
    while (left > 0) {
      let pc = todo[--left] ?? 0
      for (;;) {
        if (pc === size) return true
        if (seen[pc] === at + 1) break
        seen[pc] = at + 1
        const instruction = code[pc] ?? 0
        const operation = instruction & OPERATION
        const operand = instruction >> OPERATION_BITS
        if (operation <= ANY) {
          if (byte >= 0 && takes(operation, operand, byte, sets)) next[found++] = pc + 1
          break
        }
        if (operation === SPLIT) {
          todo[left++] = pc + operand
          pc++
        } else if (operation === JUMP) {
          pc += operand
        } else {
          if (!isPlace(operation, value, at)) break
          pc++
        }
      }
    }
    const swap = todo
    todo = next
    next = swap
    left = found
  }
  return false
}

function takes(operation: number, operand: number, byte: number, sets: Uint32Array): boolean {
  if (operation === BYTE) return operand === byte
  return operation !== SET || (((sets[SET_SIZE * operand + (byte >> 5)] ?? 0) >>> (byte & 31)) & 1) === 1
}

/** The value's ends are no word bytes. */
function isPlace(operation: number, value: Uint8Array, at: number): boolean {
  if (operation === START) return at === 0
  if (operation === END) return at === value.length
  const before = isWord(value[at - 1] ?? 0)
  const behind = isWord(value[at] ?? 0)
  switch (operation) {
    case WORD_START:
      return !before && behind
    case WORD_END:
      return before && !behind
    case WORD_EDGE:
      return before !== behind
    default:
      return before === behind
  }
}
