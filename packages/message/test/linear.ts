import t from 'tap'
import { defaultRules, rewriteHeader, utcTime } from '../src/index.ts'

/** Milliseconds for which nothing of this size may take longer: a quadratic step would take minutes. */
const LIMIT = 5000

function time(header: string): number {
  const rules = defaultRules({ defaulthost: 'dh.ex', defaultdomain: 'dd.ex', plusdomain: 'plus.ex' })
  const began = performance.now()
  rewriteHeader(
    header,
    { received: '', rules, sender: '', name: undefined, time: utcTime(0), newId: () => '' },
    () => {},
  )
  return performance.now() - began
}

const MEGABYTE = 1024 * 1024
const UNITS = [
  ...['(', ')', '()', '"', '""', '<', '>', '<>', '><', '>:', ',', ';', ':', 'a:', '@', '.', '[', ']', '\\', '\\(', ' '],
  ...[
    '\t',
    '\t ',
    'a',
    'a ',
    'a,',
    'a@',
    'a@b.c,',
    '<a>',
    '(a)x',
    '(a ',
    '"a" ',
    '=?',
    '=?a?b?c?= ',
    '\0',
    '\xff',
    '\r',
  ],
]

t.test('no text of 1 MB takes long', async (t) => {
  for (const unit of UNITS) {
    const text = unit.repeat(MEGABYTE / unit.length)
    for (const name of ['To', 'Date']) {
      const took = time(`${name}: ${text}\n`)
      t.ok(took < LIMIT, `${name}: ${JSON.stringify(unit)}: ${took.toFixed()} ms`)
    }
  }
})

t.test('no header of many fields takes long', async (t) => {
  for (const field of [
    'a:\n',
    'To:a\n',
    'To:(\n',
    'Date:1\n',
    'a:\nReceived:\n',
    'Bcc:\n',
    'To:\n \n',
    'x'.repeat(900),
  ])
    t.ok(
      time(`${field.repeat(MEGABYTE / field.length)}:\n`.replace(/^x+:/, 'x:')) < LIMIT,
      JSON.stringify(field.slice(0, 9)),
    )
})

t.test('100,000 addresses', async (t) => {
  const addresses = Array.from({ length: 100_000 }, (_, i) => `"User ${i}" <user${i}@host${i}.example>`)
  t.ok(time(`To: ${addresses.join(',\n ')}\n`) < LIMIT)
})
