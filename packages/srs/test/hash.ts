import { sameBytes } from '@moreqmail/unix/bytes'
import t from 'tap'
import { fullHash, isHash } from '../src/hash.ts'

t.test('the whole hash', async (t) => {
  t.equal(fullHash('s3cret', ['AB', 'example.com', 'User']), fullHash('s3cret', ['ab', 'EXAMPLE.com', 'user']))
  t.match(fullHash('', ['']), /^[A-Za-z0-9+/]{27}$/)
  t.not(fullHash('s3cret', ['a']), fullHash('S3cret', ['a']), 'the secret has case')
})

t.test('what is accepted', async (t) => {
  const parts = ['AB', 'example.com', 'u']
  const hash = fullHash('old', parts)
  for (const length of [1, 4, 26, 27])
    t.ok(isHash(hash.slice(0, length), ['new', 'old'], parts), `${length} characters`)
  t.ok(isHash(hash.toUpperCase(), ['old'], parts))
  t.notOk(isHash(`${hash}A`, ['old'], parts), 'more than there are')
  t.notOk(isHash(`${hash}=`, ['old'], parts), 'nor padding')
  t.notOk(isHash(hash, ['new'], parts))
  t.notOk(isHash(hash, [], parts))
})

/** Bytes that count how often they are looked at. */
function counted(bytes: Uint8Array): { readonly view: Uint8Array; readonly reads: () => number } {
  let reads = 0
  const view = new Proxy(bytes, {
    get(target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) reads++
      return Reflect.get(target, name, target)
    },
  })
  return { view, reads: () => reads }
}

t.test('the comparison looks at everything, wherever the difference is', async (t) => {
  const right = Uint8Array.from({ length: 27 }, (_, i) => i)
  for (let at = -1; at < right.length; at++) {
    const guess = right.slice()
    if (at >= 0) guess[at] = 99
    const { view, reads } = counted(right)
    t.equal(sameBytes(guess, view), at < 0)
    t.equal(reads(), 27, at < 0 ? 'no difference' : `difference at ${at}`)
  }
  t.notOk(sameBytes(right, right.subarray(1)))
  t.ok(sameBytes(new Uint8Array(0), new Uint8Array(0)))
})
