import t from 'tap'
import { FINDINGS, type Finding } from '../src/finding.ts'
import { refusalOf } from '../src/refusal.ts'
import { isResultsOf, resultsField } from '../src/results.ts'
import { parseTags } from '../src/tag-list.ts'
import { field } from './lib/bytes.ts'

const verdict = (finding: Finding, text: string) => ({ finding, tags: parseTags(text).tags })

t.test('resultsField', async (t) => {
  t.equal(resultsField('mx.example.org', []), 'Authentication-Results: mx.example.org; dkim=none\n')
  t.equal(
    resultsField('mx.example.org', [
      verdict(FINDINGS.good, 'd=example.com; i=joe@example.com; s=sel; a=rsa-sha256; b=abc\n def ghi'),
      verdict(FINDINGS.bodyHash, 'b=a/b+c=='),
    ]),
    `Authentication-Results: mx.example.org;
\tdkim=pass header.d=example.com header.i=joe@example.com header.s=sel header.a=rsa-sha256 header.b=abcdefgh;
\tdkim=fail (body hash mismatch) header.b="a/b+c=="
`,
  )
  const lines = resultsField('a(b', [
    verdict(FINDINGS.syntax, `d=a\x80b; i="a b"@c; s=${'x'.repeat(256)}; a=x y`),
    verdict(FINDINGS.syntax, `d=a"\\b; i=a@b; s=${'x'.repeat(255)}; a=`),
  ]).split('\n')
  t.equal(lines[0], 'Authentication-Results: "a(b";')
  t.equal(lines[1], '\tdkim=neutral (bad signature syntax);', 'what can not be written is left out')
  t.equal(
    lines[2],
    `\tdkim=neutral (bad signature syntax) header.d="a\\"\\\\b" header.i=a@b header.s=${'x'.repeat(255)}`,
  )
  t.equal(resultsField('a\nb', []), 'Authentication-Results: "a?b"; dkim=none\n')
})

t.test('isResultsOf', async (t) => {
  for (const value of [
    ' mx.example.org; none',
    'MX.Example.ORG;none',
    ' mx.example.org 1; none',
    '\n\t(a (b) \\) c) mx.example.org\n 1; none',
    ' "mx.example.org"; none',
    ' "mx\\.example.org" ; none',
    ' mx.example.org(c); none',
    ' mx.example.org',
    ' mx.example.org/1; none',
  ])
    t.ok(isResultsOf(field(`Authentication-Results:${value}`), 'mx.example.org'), value)
  for (const value of [
    ' other.example.org; none',
    ' mx.example.orgs; none',
    ' (mx.example.org) x; none',
    '',
    ' "',
    ' (((',
  ])
    t.notOk(isResultsOf(field(`Authentication-Results:${value}`), 'mx.example.org'), value)
  t.ok(isResultsOf(field('AUTHENTICATION-results : mx; none'), 'mx'))
  t.notOk(isResultsOf(field('X-Authentication-Results: mx; none'), 'mx'))
})

t.test('refusalOf', async (t) => {
  const bad = verdict(FINDINGS.badSignature, '')
  const hash = verdict(FINDINGS.bodyHash, '')
  const good = verdict(FINDINGS.good, '')
  t.equal(refusalOf('', [bad]), undefined)
  t.same(refusalOf('I', [bad]), { finding: bad.finding, permanent: true })
  t.same(refusalOf('i', [bad]), { finding: bad.finding, permanent: false })
  t.equal(refusalOf('U', [bad]), undefined)
  t.equal(refusalOf('IU', [bad, good]), undefined)
  t.same(refusalOf('U', [hash, bad]), { finding: hash.finding, permanent: true }, 'the first one counts')
  t.equal(refusalOf('I', [hash, bad]), undefined)
  t.same(refusalOf('t', [hash, bad]), { finding: hash.finding, permanent: false })
  t.equal(refusalOf('T', [bad]), undefined)
  t.same(refusalOf('S', []), { finding: FINDINGS.unsigned, permanent: true })
  t.equal(refusalOf('IUT', []), undefined)
})
