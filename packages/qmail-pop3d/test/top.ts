import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { newTop, wanted } from '../src/top.ts'

/** What is sent of a text that comes in pieces of so many bytes. */
function top(text: string, lines: number, piece: number): string {
  const state = newTop(lines)
  let sent = ''
  for (let at = 0; at < text.length; at += piece) {
    const part = text.slice(at, at + piece)
    const to = wanted(state, bytes(part))
    sent += part.slice(0, to)
    if (to < part.length) break
  }
  return sent
}

t.test('header, empty line, so many lines', async (t) => {
  for (const [text, lines, sent] of [
    ['A: 1\nB: 2\n\none\ntwo\n', 0, 'A: 1\nB: 2\n\n'],
    ['A: 1\nB: 2\n\none\ntwo\n', 1, 'A: 1\nB: 2\n\none\n'],
    ['A: 1\nB: 2\n\none\ntwo\n', 2, 'A: 1\nB: 2\n\none\ntwo\n'],
    ['A: 1\nB: 2\n\none\ntwo\n', 9, 'A: 1\nB: 2\n\none\ntwo\n'],
    ['A: 1\n\none\ntwo', 1, 'A: 1\n\none\n'],
    ['A: 1\n\none\ntwo', 2, 'A: 1\n\none\ntwo'],
    ['A: 1\n\n\n\nx\n', 2, 'A: 1\n\n\n\n'],
    ['\nbody\n', 0, '\n'],
    ['no body\n', 0, 'no body\n'],
    ['no end', 0, 'no end'],
    ['A: 1\r\n\r\nbody\n\nx\n', 0, 'A: 1\r\n\r\nbody\n\n'],
    ['A: 1\n\none\n', Number.POSITIVE_INFINITY, 'A: 1\n\none\n'],
    ['', 0, ''],
  ] as const)
    for (const piece of [1, 2, 3, 1000])
      t.equal(top(text, lines, piece), sent, `${JSON.stringify(text)} ${lines}, by ${piece}`)
})
