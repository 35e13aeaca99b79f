import t from 'tap'
import { BodyCanonicalizer, type Canonicalization, canonicalField, LineEnds } from '../src/canonical.ts'
import type { LineEnd } from '../src/header.ts'
import { b, pieces, s } from './lib/bytes.ts'

/** The canonical form of a body that comes in pieces of so many bytes. */
function body(text: string, form: Canonicalization, lineEnd: LineEnd, size = 1e9): string {
  const out: string[] = []
  const canonicalizer = new BodyCanonicalizer(form, lineEnd, (piece) => out.push(s(piece)))
  for (const piece of pieces(text, size)) canonicalizer.take(piece)
  canonicalizer.end()
  return out.join('')
}

/** The same, as RFC 6376 3.4.3 and 3.4.4 say it. */
function slowly(text: string, form: Canonicalization, lineEnd: LineEnd): string {
  const lines = text.split(lineEnd)
  const reduced = form === 'simple' ? lines : lines.map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''))
  const joined = reduced.join('\r\n').replace(/(?:\r\n)*$/, '')
  // A CR before the end is data and must not be taken for a half of a line end.
  return joined === '' && form === 'relaxed' ? '' : `${joined}\r\n`
}

t.test('RFC 6376 3.4.5', async (t) => {
  const message = ' C \r\nD \t E\r\n\r\n\r\n'
  t.equal(body(message, 'relaxed', '\r\n'), ' C\r\nD E\r\n')
  t.equal(body(message, 'simple', '\r\n'), ' C \r\nD \t E\r\n')
  t.equal(canonicalField('A: X', 'relaxed', '\r\n'), 'a:X')
  t.equal(canonicalField('B : Y\t\r\n\tZ  ', 'relaxed', '\r\n'), 'b:Y Z')
  t.equal(canonicalField('B : Y\t\r\n\tZ  ', 'simple', '\r\n'), 'B : Y\t\r\n\tZ  ')
  t.equal(canonicalField('B : Y\t\n\tZ  ', 'simple', '\n'), 'B : Y\t\r\n\tZ  ')
  t.equal(canonicalField('B : Y\t\n\tZ  ', 'relaxed', '\n'), 'b:Y Z')
  t.equal(canonicalField('B:\x0b\r \xa0', 'relaxed', '\n'), 'b:\x0b\r \xa0', 'only blanks are white space')
  t.equal(canonicalField('B:', 'relaxed', '\n'), 'b:')
})

t.test('empty bodies', async (t) => {
  for (const text of ['', '\n', '\n\n\n']) {
    t.equal(body(text, 'simple', '\n'), '\r\n')
    t.equal(body(text, 'relaxed', '\n'), '')
  }
  t.equal(body(' \n\t\n', 'relaxed', '\n'), '')
  t.equal(body(' \n', 'simple', '\n'), ' \r\n')
})

t.test('every cut of short bodies', async (t) => {
  const alphabet = ['a', ' ', '\t', '\n', '\r', '\0']
  let wrong = 0
  const total = alphabet.length ** 5
  for (let n = 0; n < total; n++) {
    let text = ''
    for (let left = n; left > 0; left = Math.floor(left / alphabet.length)) text += alphabet[left % alphabet.length]
    for (const lineEnd of ['\n', '\r\n'] as const) {
      // In the slow version a CR that is data could merge with a line end that follows it.
      if (text.includes('\r') && (lineEnd === '\n' || /\r(?!\n)/.test(text))) continue
      for (const form of ['simple', 'relaxed'] as const) {
        const wanted = slowly(text, form, lineEnd)
        for (const size of [1, 2, 99])
          if (body(text, form, lineEnd, size) !== wanted && wrong++ < 5)
            t.equal(body(text, form, lineEnd, size), wanted, JSON.stringify([text, form, lineEnd, size]))
      }
    }
  }
  t.equal(wrong, 0)
})

t.test('bytes that are no line ends', async (t) => {
  for (const size of [1, 2, 99]) {
    t.equal(body('a\r\nb\r', 'simple', '\n', size), 'a\r\r\nb\r\r\n', 'CR is data')
    t.equal(body('a\r\r\nb\nc\r\n', 'simple', '\r\n', size), 'a\r\r\nb\nc\r\n', 'a lone LF too')
    t.equal(body('\n\r\nx\r', 'relaxed', '\r\n', size), '\n\r\nx\r\r\n')
  }
})

t.test('much of anything', async (t) => {
  const began = Date.now()
  for (const [text, wanted] of [
    ['\n'.repeat(1_000_000), ''],
    [' '.repeat(10_000_000), ''],
    [`x${' '.repeat(1_000_000)}y`, 'x y\r\n'],
    [`${'\n'.repeat(1_000_000)}x`, `${'\r\n'.repeat(1_000_000)}x\r\n`],
    ['x'.repeat(10_000_000), `${'x'.repeat(10_000_000)}\r\n`],
  ] as const)
    t.ok(body(text, 'relaxed', '\n', 65536) === wanted)
  t.ok(Date.now() - began < 10_000)
})

t.test('line ends of a message that is about to be sent', async (t) => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['a\nb', 'a\nb'],
    ['a\r\nb\r\n', 'a\nb\n'],
    ['a\rb', 'a\nb'],
    ['a\r\r\nb', 'a\n\nb'],
    ['\r', '\n'],
    ['\n\r\n\r\r', '\n\n\n\n'],
  ]
  for (const [text, wanted] of cases)
    for (const size of [1, 2, 99]) {
      const lineEnds = new LineEnds()
      const out = [...pieces(text, size)].map((piece) => s(lineEnds.take(piece))).join('')
      t.equal(out, wanted, `${JSON.stringify(text)} ${size}`)
    }
  const piece = b('no CR\n')
  t.equal(new LineEnds().take(piece).buffer, piece.buffer, 'not copied without need')
})
