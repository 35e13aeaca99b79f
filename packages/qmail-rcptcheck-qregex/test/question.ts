import t from 'tap'
import { folded } from '../../ere/src/index.ts'
import { hits, parseEntry, questions } from '../src/question.ts'

/** What is asked with these variables, as `file=value(kind)`. */
function asked(env: Readonly<Record<string, string>>, sender = 's', recipient = 'r'): string {
  return questions(sender, recipient, (name) => env[name])
    .map(({ file, value, kind }) => `${file}=${value}(${kind})`)
    .join(' ')
}

const FROM = 'badmailfrom=s(badmailfrom) badmailfromnorelay=s(badmailfrom)'
const TO = 'badmailto=r(badmailto) badmailtonorelay=r(badmailto)'

t.test('which values are looked for where', async (t) => {
  t.equal(asked({}), `${FROM} ${TO}`)
  t.equal(asked({}, ''), TO, 'a bounce has no sender')
  t.equal(asked({}, 's', ''), `${FROM} badmailto=(badmailto) badmailtonorelay=(badmailto)`)
  t.equal(asked({ RELAYCLIENT: '' }), 'badmailfrom=s(badmailfrom) badmailto=r(badmailto)')
  t.equal(asked({ RELAYCLIENT: '' }, ''), 'badmailto=r(badmailto)')
  t.equal(asked({ HELOHOST: 'h' }), `badhelo=h(badhelo) ${FROM} ${TO}`)
  t.equal(asked({ HELOHOST: '' }), `badhelo=(badhelo) ${FROM} ${TO}`)
  t.equal(asked({ SMTPHELOHOST: 'p' }), `badhelo=p(badhelo) ${FROM} ${TO}`)
  t.equal(asked({ HELOHOST: '', SMTPHELOHOST: 'p' }), `badhelo=(badhelo) ${FROM} ${TO}`)
  t.equal(asked({ HELOHOST: 'h', NOBADHELO: '' }), `${FROM} ${TO}`)
})

t.test('entries', async (t) => {
  const judged = (entry: string, value: string) => {
    const parsed = parseEntry(entry)
    return parsed && hits(parsed, folded(value))
  }
  t.equal(judged('A@', 'xa@y'), true)
  t.equal(judged('!A@', 'xa@y'), false)
  t.equal(judged('!a', 'b'), true)
  t.equal(judged('!!a', 'a'), true, 'the second one is a byte of the pattern')
  t.equal(judged('!!a', '!a'), false)
  t.equal(judged('!', ''), false)
  t.equal(judged('!', 'a'), false)
  t.equal(judged('(', 'a'), undefined)
  t.equal(judged('!(', 'a'), undefined)
})
