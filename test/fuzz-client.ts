/**
 * Random servers for the client's side of SMTP, held against a plain model of what their replies mean. FUZZ_SECONDS=n
 * tries each property for so long.
 */
import t from 'tap'
import { faultOf, judge } from '../packages/qmail-remote/test/lib/rspawn.ts'
import { type Answers, converse } from '../packages/smtp/test/lib/talk.ts'
import { fuzz, holds, type Random, same } from './lib/fuzz.ts'

t.setTimeout(0)

const STAGES = ['greeting', 'EHLO', 'HELO', 'MAIL', 'RCPT', 'DATA', 'text'] as const
const GOOD: Answers = { greeting: '220', EHLO: '250', HELO: '250', MAIL: '250', RCPT: '250', DATA: '354', text: '250' }
const CODES = ['200', '220', '250', '251', '299', '354', '334', '399', '421', '450', '499', '500', '550', '552', '599']
const NONSENSE = [
  'abc x\r\n',
  '\r\n',
  '\n',
  '12\r\n',
  '199 x\r\n',
  '600 x\r\n',
  '250-x\r\n251 y\r\n',
  '\0\xff\n',
  '5 50 x\r\n',
  '-250 x\r\n',
]
const TEXTS = ['', 'hi\n', '.\n..\n', 'a\r.\rb\n', '\n', 'x'.repeat(5000).concat('\n')]

/** A reply with this code, in one of the forms that it may have. */
function replyOf(random: Random, code: string): string {
  const end = random.pick(['\r\n', '\r\n', '\n'])
  const last = `${code}${random.pick(['', ' ok', ' two words', 'x'])}${end}`
  return random.once(4) ? `${code}-first${end}${code}-${end}${last}` : last
}

function anyReply(random: Random, good: string): string {
  if (random.int(3) > 0) return replyOf(random, good)
  return random.once(3) ? random.pick(NONSENSE) : replyOf(random, random.pick(CODES))
}

/** What a reply is worth: its code, or 400 for what has none. */
function worth(reply: string): number {
  const codes = reply
    .split(/\r*\n/)
    .slice(0, -1)
    .map((line) => line.replaceAll('\r', '').slice(0, 3))
  const [code = ''] = codes
  return /^[2-5][0-9][0-9]$/.test(code) && codes.every((one) => one === code) ? Number(code) : 400
}

const refusal = (code: number): string => (code >= 500 ? 'D' : 'Z')

/** The letters of the report by the rules, for one recipient. */
function wantedLetters(answers: Answers): string {
  const code = (stage: string): number => worth(answers[stage] ?? '')
  if (code('greeting') !== 220) return 'Z'
  if (code('EHLO') !== 250 && code('HELO') !== 250) return 'Z'
  if (code('MAIL') >= 300) return refusal(code('MAIL'))
  if (code('RCPT') >= 300) return code('RCPT') >= 500 ? 'hD' : 'sD'
  if (code('DATA') !== 354) return `r${refusal(code('DATA'))}`
  return `r${code('text') < 300 ? 'K' : refusal(code('text'))}`
}

const lettersOf = (report: string): string =>
  report
    .split('\0')
    .map((record) => record.charAt(0))
    .join('')

t.test('servers that answer each command', async (t) => {
  t.comment(
    'What becomes of the message is what the replies say by the rules, however they are cut; and what has no code',
  )
  t.comment('is never a reason to bounce.')
  await fuzz(t, 30_000, (random) => {
    const answers: Answers = Object.fromEntries(STAGES.map((stage) => [stage, anyReply(random, GOOD[stage] ?? '')]))
    const server = { readSize: random.pick([1e9, 7, 1]), writeSize: random.pick([1e9, 5, 1]) }
    const { report } = converse({ answers, server, text: random.pick(TEXTS) })
    const log = JSON.stringify(answers)
    same(lettersOf(report), wantedLetters(answers), 'letters', log)
    same(faultOf(report, 1), '', 'report', log)
  })
})

t.test('servers that do anything', async (t) => {
  t.comment(
    'The report is one. A message counts as sent only if all of it has gone out behind a 354; it bounces only if',
  )
  t.comment('some reply had a code of 500 or more.')
  await fuzz(t, 30_000, (random) => {
    const pieces = [
      ...CODES.map((code) => `${code} x\r\n`),
      ...NONSENSE,
      '250 PIPELINING\r\n',
      '250-mx\r\n250-PIPELINING\r\n250 SIZE\r\n',
      '250-',
      '25',
      '',
    ]
    const answer = (good: string): string => (random.int(5) > 0 ? `${good} x\r\n` : random.join(pieces, 4))
    const answers: Answers = Object.fromEntries(STAGES.map((stage) => [stage, answer(GOOD[stage] ?? '')]))
    const ended = random.pick([
      {},
      {},
      { cut: random.int(80) },
      { takes: random.int(200) },
      { takes: random.int(200), broken: true },
    ])
    const server = { readSize: random.pick([1e9, 7, 1]), writeSize: random.pick([1e9, 5, 1]), ...ended }
    const recipients = Array.from({ length: 1 + random.int(4) }, (_, i) => `r${i}@y`)
    const text = random.pick(TEXTS)
    const { report, heard } = converse({ answers, server, recipients, text })
    const log = JSON.stringify({ answers, server, recipients, report, heard })
    same(faultOf(report, recipients.length), '', 'report', log)
    const verdict = judge({ output: report, code: 0, signal: null }).charAt(0)
    const data = heard.indexOf('DATA\r\n')
    if (report.includes('\0K'))
      holds(data > 0 && /\.\r\n(?:Q(?:U(?:I(?:T\r?\n?)?)?)?)?$/.test(heard), 'all of it has gone out', log)
    if (data > 0 && heard.length > data + 12 && !heard.startsWith('QUIT', data + 6))
      holds(
        Object.values(answers).some((said) => said.includes('354')),
        'text only behind a 354',
        log,
      )
    if (verdict === 'D')
      holds(
        Object.values(answers).some((said) => /5[0-9][0-9]/.test(said)),
        'a reason to bounce',
        log,
      )
    const commands = heard
      .slice(0, data < 0 ? undefined : data + 6)
      .split('\r\n')
      .slice(0, -1)
    const verbs = commands.map((line) => line.slice(0, 4)).join(' ')
    holds(/^(?:EHLO ?)?(?:HELO ?)?(?:MAIL ?)?(?:RCPT ?)*(?:DATA|QUIT)?$/.test(verbs), `in order: ${verbs}`, log)
  })
})
