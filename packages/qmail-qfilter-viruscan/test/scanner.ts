import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { Scanner } from '../src/scanner.ts'

const SIGNATURES = ['TVqQ', 'UEsDB', 'TVqQAA']

/** What is found in a message that comes in pieces of a size. */
function scan(text: string, size = text.length || 1, signatures = SIGNATURES): string | undefined {
  const scanner = new Scanner(signatures)
  for (let at = 0; at < text.length; at += size) scanner.take(bytes(text.slice(at, at + size)))
  const finding = scanner.end()
  return typeof finding === 'object' ? finding.signature : finding
}

const part = (header: string, body: string) => `--b\n${header}\n${body}\n`
const mixed = (...parts: string[]) => `Content-Type: multipart/mixed; boundary="b"\n\n${parts.join('')}--b--\n`
const BOUNCE = 'Hi. This is the qmail-send program at x.\n\n--- Below this line is a copy of the message.\n\n'

const FOUND: Readonly<Record<string, string>> = {
  'a plain body': '\nTVqQ\n',
  'the last line without LF': 'A: b\n\nUEsDBAA',
  'a part': mixed(part('', 'x'), part('A: b\n', 'UEsDB')),
  'the prologue': 'Content-Type: multipart/mixed; boundary=b\n\nTVqQ\n--b--\n',
  'a folded content type': `Content-Type:\n multipart/mixed;\n\tboundary=b\n\n${part('', 'TVqQ')}`,
  'the second content type counts': `Content-Type: x/y; boundary=a\ncontent-TYPE: multipart/x; boundary=b\n\nx\n${part('', 'TVqQ')}`,
  'a part within a part': `${mixed(part('Content-Type: multipart/x; boundary=c\n', '\n--c\n\nx\n--c\n\nTVqQ\n'))}`,
  'behind the inner parts': mixed(
    part('Content-Type: multipart/x; boundary=c\n', '\n--c\n\nx\n--c--\n'),
    part('', 'TVqQ'),
  ),
  'a message in a message': 'Content-Type: message/rfc822\n\nSubject: x\n\nTVqQ\n',
  'a message with parts in a message': `Content-Type: message/rfc822\n\n${mixed(part('', 'TVqQ'))}`,
  'a boundary is a prefix': mixed('--bxyz\n\nTVqQ\n'),
  'a returned message': `\n${BOUNCE}Subject: x\n\nTVqQ\n`,
  'a returned message with parts': `\n${BOUNCE}${mixed(part('', 'TVqQ'))}`,
  'another kind of bounce':
    '\nThis message was created automatically by mail delivery software.\n---\n\nA: b\n\nTVqQ\n',
}

const CLEAN: Readonly<Record<string, string>> = {
  empty: '',
  'header alone': 'TVqQ\nTVqQ: x\n',
  'the second line': '\nx\nTVqQ\n',
  'an empty first line': '\n\nTVqQ\n',
  case: '\ntvqq\n',
  'not at the beginning of the line': '\n TVqQ\n',
  'another boundary': mixed('x\n--c\n\nTVqQ\n'),
  'behind the last boundary': `${mixed(part('', 'x'))}--b\n\nTVqQ\n`,
  'no boundary': 'Content-Type: multipart/mixed\n\nx\n--b\n\nTVqQ\n',
  'the header of a message in a message': 'Content-Type: message/rfc822\n\nTVqQ: x\n\nx\n',
  'the line behind a returned message': `\n${BOUNCE}Subject: x\n\nx\nTVqQ\n`,
  'a folded line of another field': 'Content-Type: a/b\nX: y\n ; boundary=b\n\nx\n--b\n\nTVqQ\n',
  'a part that ends in its header': mixed('--b\nTVqQ: x\n--b\nTVqQ\n'),
}

t.test('found, in pieces of every size', async (t) => {
  for (const [what, text] of Object.entries(FOUND))
    for (let size = 1; size <= text.length; size++) if (!scan(text, size)) t.fail(`${what}, pieces of ${size}`)
  for (const [what, text] of Object.entries(FOUND)) t.ok(scan(text), what)
})

t.test('not found, in pieces of every size', async (t) => {
  for (const [what, text] of Object.entries(CLEAN))
    for (let size = 1; size <= text.length; size++)
      if (scan(text, size) !== undefined) t.fail(`${what}, pieces of ${size}`)
  for (const [what, text] of Object.entries(CLEAN)) t.equal(scan(text), undefined, what)
})

t.test('which signature', async (t) => {
  t.equal(scan('\nUEsDB\n'), 'UEsDB')
  t.equal(scan('\nTVqQAA\n'), 'TVqQ', 'the first of the list')
  t.equal(scan('\nanything\n', 3, []), undefined)
  t.equal(scan('\n\xff\0x\n', 2, ['\xff']), '\xff')
})

t.test('long lines', async (t) => {
  const long = 'x'.repeat(10_000_000)
  t.equal(scan(`A: ${long}\n\n${long}\n`, 65536), undefined)
  t.equal(scan(mixed(part(`A: ${long}\n`, 'TVqQ')), 65536), 'TVqQ')
  t.equal(scan(mixed(`${long}\n`, part('', 'TVqQ')), 1000), 'TVqQ')
  const signature = 's'.repeat(1025)
  t.equal(scan(`\n${signature}\n`, 7, [signature]), undefined, 'bytes beyond 1024 do not count')
  t.equal(scan(`\n${signature}\n`, 7, [signature.slice(0, 1024)]), signature.slice(0, 1024))
})

t.test('memory is bounded', async (t) => {
  const deep = (n: number) =>
    Array.from({ length: n }, (_, i) => `Content-Type: x/y; boundary=${i}\n\n--${i}\n`).join('')
  t.equal(scan(`${deep(9000)}\nTVqQ\n`, 65536), 'TVqQ')
  t.equal(scan(`${deep(11_000)}\nTVqQ\n`, 65536), 'too much')
  t.equal(scan(`Content-Type: x${' \n'.repeat(2_000_000)}\n`, 65536), 'too much')
  const again = Array.from({ length: 11_000 }, () => 'Content-Type: x/y; boundary=b\n\n--b--\n--b\n')
  t.equal(scan(`Content-Type: a/b; boundary=a\n\n${again.map((text) => `--a\n${text}`).join('')}`, 65536), undefined)
})
