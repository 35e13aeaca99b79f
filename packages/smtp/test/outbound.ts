import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { type LineEnds, OutboundText } from '../src/outbound.ts'
import { random } from './lib/random.ts'

/** The rules said once more, slowly: lines end at CR LF, CR or LF; each goes out with CR LF, a leading dot doubled. */
function reference(text: string, lineEnds: LineEnds = 'any'): { wire: string; whole: boolean } {
  const lines = text.split(lineEnds === 'any' ? /\r\n|\r|\n/ : '\n')
  const last = lines.pop() ?? ''
  const stuffed = (line: string) => (line.startsWith('.') ? `.${line}` : line)
  return { wire: lines.map((line) => `${stuffed(line)}\r\n`).join('') + stuffed(last), whole: last === '' }
}

/** Through the machine in pieces of these lengths; `room` more bytes than each, full of what must not be looked at. */
function convert(
  text: string,
  lengths: readonly number[],
  filler = 0,
  lineEnds: LineEnds = 'any',
): { wire: string; whole: boolean } {
  const machine = new OutboundText(Math.max(1, ...lengths), lineEnds)
  let wire = ''
  let at = 0
  for (const length of lengths) {
    const piece = new Uint8Array(length + 3).fill(filler)
    piece.set(bytes(text.slice(at, at + length)))
    machine.convert(piece, length)
    wire += latin1(machine.bytes, 0, machine.length)
    at += length
  }
  return { wire, whole: machine.whole }
}

t.test('line ends and dots', async (t) => {
  const pairs: ReadonlyArray<readonly [string, string]> = [
    ['', ''],
    ['a\n', 'a\r\n'],
    ['a\r\n', 'a\r\n'],
    ['a\r', 'a\r\n'],
    ['a\r\r\n', 'a\r\n\r\n'],
    ['\n\n', '\r\n\r\n'],
    ['.\n', '..\r\n'],
    ['..\n', '...\r\n'],
    ['a\n.\nb\n', 'a\r\n..\r\nb\r\n'],
    ['a\r.\nb\n', 'a\r\n..\r\nb\r\n'],
    ['a\r.\rQUIT\r', 'a\r\n..\r\nQUIT\r\n'],
    ['a\r\n.\r\nMAIL\r\n', 'a\r\n..\r\nMAIL\r\n'],
    ['a.\n', 'a.\r\n'],
    ['\0\x80\xff\n', '\0\x80\xff\r\n'],
  ]
  for (const [text, wire] of pairs) {
    t.same(convert(text, [text.length]), { wire, whole: true }, JSON.stringify(text))
    t.same(
      convert(
        text,
        Array.from(text, () => 1),
      ),
      { wire, whole: true },
      `${JSON.stringify(text)} by bytes`,
    )
  }
  for (const partial of ['a', '.', 'a\nb', 'a\r.', '\0'])
    t.notOk(convert(partial, [partial.length]).whole, JSON.stringify(partial))
})

t.test('a CR that ends no line', async (t) => {
  for (const [text, wire, whole] of [
    ['a\r\n.\r\n', 'a\r\r\n..\r\r\n', true],
    ['a\r.\rb\n', 'a\r.\rb\r\n', true],
    ['a\r', 'a\r', false],
  ] as const)
    t.same(convert(text, [text.length], 0, 'lf'), { wire, whole }, JSON.stringify(text))
})

t.test('the end', async (t) => {
  const machine = new OutboundText(4)
  machine.end()
  t.equal(latin1(machine.bytes, 0, machine.length), '.\r\n', 'of an empty message')
  machine.convert(bytes('....'), 1)
  machine.convert(bytes('\r\r\r\r'), 4)
  machine.end()
  t.equal(latin1(machine.bytes, 0, machine.length), '\r\n\r\n\r\n\r\n.\r\n', 'the longest a piece can become')
})

t.test('like the reference, cut anywhere', async (t) => {
  const next = random(20261120)
  const alphabets = ['\n.', '\r\n.', '\r\n.a', '\r\n.abcdefgh\0\xff', '\rab.', 'ab\n']
  for (let round = 0; round < 20_000; round++) {
    const alphabet = alphabets[next(alphabets.length)] ?? ''
    const text = Array.from({ length: next(40) }, () => alphabet[next(alphabet.length)]).join('')
    const lengths: number[] = []
    for (let left = text.length; left > 0; left -= lengths.at(-1) ?? 0) lengths.push(Math.min(left, next(left + 1)))
    const lineEnds = round % 2 === 0 ? 'any' : 'lf'
    const made = convert(text, lengths, next(2) === 0 ? 10 : 13, lineEnds)
    const wanted = reference(text, lineEnds)
    if (made.wire !== wanted.wire || made.whole !== wanted.whole) {
      t.same(made, wanted, JSON.stringify({ text, lengths, lineEnds }))
      return
    }
  }
})

t.test('long runs', async (t) => {
  const next = random(7)
  for (let round = 0; round < 200; round++) {
    const parts = Array.from(
      { length: next(8) },
      () => 'x'.repeat(next(1100)) + ['\n', '\r', '\r\n', '.', '\n.'][next(5)],
    )
    const text = parts.join('')
    const lengths: number[] = []
    for (let left = text.length; left > 0; left -= lengths.at(-1) ?? 0) lengths.push(Math.min(left, 1 + next(3000)))
    t.same(convert(text, lengths), reference(text))
  }
  const line = 'x'.repeat(10_000_000)
  t.ok(convert(`${line}\n.`, [line.length + 2]).wire === `${line}\r\n..`, 'a line of 10 MB')
})
