import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EISDIR } from '@moreqmail/unix'
import t from 'tap'
import { encodeEnvelope, envelopeFrom, envelopeInFile } from '../src/envelope.ts'

const dir = mkdtempSync(join(tmpdir(), 'envelope-'))
t.teardown(() => rmSync(dir, { recursive: true }))

function file(text: string): number {
  writeFileSync(join(dir, 'envelope'), text, 'latin1')
  return openSync(join(dir, 'envelope'), 'r')
}

t.test('there and back', async (t) => {
  for (const envelope of [
    { sender: '', recipients: [] },
    { sender: 's@x', recipients: ['a@b', 'a@b', ''] },
    { sender: '\xff\n', recipients: Array.from({ length: 20_000 }, (_, i) => `r${i}@d.example`) },
  ]) {
    const fd = file(`${encodeEnvelope(envelope)}junk`)
    t.same(envelopeInFile(fd, 1002), envelope)
    t.same(envelopeFrom(fd, 1002), envelope, 'from where it stands')
    t.equal(envelopeFrom(fd, 1002), 'more', 'only once')
    t.same(envelopeInFile(fd, 1002), envelope, 'again and again')
  }
})

t.test('what is none', async (t) => {
  const whole = 'Fa@b\0Tc@d\0\0'
  for (let n = 0; n < whole.length; n++) t.equal(envelopeInFile(file(whole.slice(0, n)), 1002), 'more')
  t.equal(envelopeInFile(file('garbage'), 1002), 'letter')
  t.equal(envelopeInFile(file(`F${'x'.repeat(1003)}\0\0`), 1002), 'long')
  t.match(envelopeInFile(file(`F${'x'.repeat(1003)}\0\0`), 1003), { sender: /^x{1003}$/ })
  t.equal(envelopeFrom(openSync(dir, 'r'), 1002), -EISDIR)
  t.equal(envelopeInFile(-1, 1002), 'more')
})
