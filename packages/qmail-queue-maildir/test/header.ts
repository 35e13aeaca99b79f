import { bytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { HeaderScan } from '../src/header.ts'

function scan(text: string, size = text.length || 1): HeaderScan {
  const header = new HeaderScan()
  for (let at = 0; at < text.length; at += size) header.take(bytes(text.slice(at, at + size)))
  header.end()
  return header
}

t.test('Delivered-To lines, in pieces of every size', async (t) => {
  const text = 'Subject: x\nDELIVERED-to: Bob@A.example\ndelivered-to: a_b@c\n\nDelivered-To: body@a.example\n'
  for (let size = 1; size <= text.length; size++) {
    const header = scan(text, size)
    t.ok(header.deliveredTo('boB@a.EXAMPLE'), `pieces of ${size}`)
    t.ok(header.deliveredTo('a\nb@c'), 'as it was written then')
    t.notOk(header.deliveredTo('body@a.example'))
    t.notOk(header.deliveredTo('ob@a.example'))
  }
})

t.test('which lines are none', async (t) => {
  const without = (text: string) => t.notOk(scan(text).deliveredTo('b@a'), JSON.stringify(text))
  without('\nDelivered-To: b@a\n')
  without('Delivered-To: b@a.example\n')
  without('Delivered-To: ab@a\n')
  without('X-Delivered-To: b@a\n')
  without(' Delivered-To: b@a\n')
  without('Delivered-To: b@a\r\n')
  without('Delivered-To: b@a\0\n')
  without('Subject: Delivered-To: b@a')
  without('')
  t.ok(scan('Delivered-To: b@a').deliveredTo('b@a'), 'the last line needs no LF')
  t.ok(scan('\0\r\nDelivered-To: b@a\n').deliveredTo('b@a'), 'only an empty line ends the header')
  t.notOk(scan('Delivered-To: b\xc4@a\n').deliveredTo('b\xe4@a'), 'bytes above 127 have no case')
})

t.test('hops', async (t) => {
  const hops = (n: number) => 'Received: by x\n'.repeat(n - n / 2) + 'delivered-TO: y\n'.repeat(n / 2)
  t.notOk(scan(`${hops(98)}Received: z\n`).tooManyHops, '99')
  t.ok(scan(hops(100)).tooManyHops, '100')
  t.notOk(scan(`${hops(98)}\n${hops(100)}`).tooManyHops, 'those in the body do not count')
  t.notOk(scan('Received-SPF: pass\n'.repeat(200)).tooManyHops)
  t.notOk(scan(' Received: by x\n'.repeat(200)).tooManyHops, 'nor do folded lines')
})

t.test('long lines', async (t) => {
  const address = `${'x'.repeat(1000)}@a`
  t.ok(scan(`Delivered-To: ${address}\n`, 7).deliveredTo(address), 'the longest address')
  const long = `Delivered-To: ${'y'.repeat(10_000_000)}\n`
  t.ok(scan(`${long}Delivered-To: b@a\n`, 65536).deliveredTo('b@a'), 'the line after one of 10 MB')
  t.ok(scan(`Received: ${'y'.repeat(2000)}\n`.repeat(100), 4096).tooManyHops)
})
