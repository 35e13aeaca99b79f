import { bytes, latin1 } from '@moreqmail/unix/bytes'
import t from 'tap'
import { decodeBase64 } from '../src/base64.ts'

const decode = (text: string): string | undefined => {
  const decoded = decodeBase64(bytes(text))
  return decoded && latin1(decoded)
}

t.test('the vectors of RFC 4648 section 10', async (t) => {
  for (const [text, wanted] of [
    ['', ''],
    ['Zg==', 'f'],
    ['Zm8=', 'fo'],
    ['Zm9v', 'foo'],
    ['Zm9vYg==', 'foob'],
    ['Zm9vYmE=', 'fooba'],
    ['Zm9vYmFy', 'foobar'],
  ] as const)
    t.equal(decode(text), wanted, text)
})

t.test('every byte, at every place of a group', async (t) => {
  for (let byte = 0; byte < 256; byte++)
    for (const text of [[byte], [0, byte], [255, 0, byte], [1, 2, 3, byte]]) {
      const whole = String.fromCharCode(...text)
      t.equal(decode(btoa(whole)), whole)
    }
})

t.test('bits that no byte uses may be anything', async (t) => {
  t.equal(decode('Zh=='), 'f')
  t.equal(decode('Zm9='), 'fo')
})

t.test('what is no base64', async (t) => {
  for (const text of [
    ...['=', '==', '===', '====', 'Z', 'Zg', 'Zm8', 'Zg=', 'Zg===', 'Z===', '=Zg=', 'Z=g=', 'Zg==Zg==', 'Zm8=Zm9v'],
    ...[
      'Zm9v=',
      'Zm9v====',
      'Zm9v ',
      ' Zm9v',
      'Zm 9v',
      'Zm9v\r',
      'Zm9\n',
      'Zm-_',
      '!!!!',
      'Zm9\0',
      '\xff\xff\xff\xff',
      '*',
    ],
  ])
    t.equal(decode(text), undefined, JSON.stringify(text))
  for (let byte = 0; byte < 256; byte++) {
    const char = String.fromCharCode(byte)
    if (/[A-Za-z0-9+/]/.test(char)) continue
    for (let at = 0; at < 3; at++) {
      const text = `AA${'AAA'.slice(0, at)}${char}${'AAA'.slice(at)}BB`
      t.equal(decode(text), undefined, JSON.stringify(text))
    }
  }
})

t.test('10 MB', async (t) => {
  const whole = new Uint8Array(10_000_000).map((_, i) => i * 7)
  const decoded = decodeBase64(bytes(Buffer.from(whole).toString('base64')))
  t.equal(decoded && Buffer.compare(decoded, whole), 0)
})
