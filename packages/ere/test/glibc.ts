/** The same answers as the C library's, where both mean the same. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { folded, matches, parsePattern } from '../src/index.ts'
import { illFormed, randomFrom, value, wellFormed } from './support/random.ts'

const ROUNDS = 4000

/** Groups in groups: with more, glibc takes minutes for some patterns. */
const DEPTH = 1

/** Reads pattern NUL value NUL ..., writes b, 1 or 0 for each. */
const PROGRAM = `
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#ifndef __GLIBC__
#error another library
#endif
int main(void) {
  static char text[1 << 24];
  size_t n = fread(text, 1, sizeof text, stdin);
  char *p = text;
  while (p < text + n) {
    regex_t r;
    char *value = p + strlen(p) + 1;
    if (regcomp(&r, p, REG_EXTENDED | REG_ICASE | REG_NOSUB)) putchar('b');
    else { putchar(regexec(&r, value, 0, NULL, 0) ? '0' : '1'); regfree(&r); }
    p = value + strlen(value) + 1;
  }
  return 0;
}
`

const dir = mkdtempSync(join(tmpdir(), 'ere-'))
t.teardown(() => rmSync(dir, { recursive: true }))

function build(): string | undefined {
  writeFileSync(join(dir, 'ask.c'), PROGRAM)
  try {
    execFileSync('cc', ['-O1', '-o', join(dir, 'ask'), join(dir, 'ask.c')], { stdio: 'ignore' })
    return join(dir, 'ask')
  } catch {
    return undefined
  }
}

const ask = build()

// Not among them, since glibc folds a pattern to upper case before it reads it: lower-case letters after a backslash and
// ranges that don't lie in one case. Nor back references, which it has.
const ELEMENTS = [
  ...['a', 'B', 'b', '.', '^', '$', '[ab]', '[^a]', '[]a]', '[a-c]', '[!-9]', '\\w', '\\W', '\\b', '\\B', '\\<', '\\>'],
  ...['[[:alpha:]]', '[[:upper:]-]', '[[:punct:]_]', '\\.', '-', ')', ']', '}', '\xe9', '\n', '[\\]', '[^\xe9]', '()'],
  ...['\\s', '\\S', '\\`', "\\'", '[[.a.]-c]', '[[=b=]]', '[[:space:]]', '\\A', '[+--]', '\\{'],
]
const PIECES = [
  ...['a', 'b', '(', ')', '[', ']', '{', '}', '*', '+', '?', '|', '^', '$', '.', ':', '=', '[^', '{1,2}', '{,', '(a|'],
  ...['[[:', ':]]', '[[.', '.]]', 'alpha', '\\B', ']', '[=a=]', 'A', '1', ',', '[a-c]', '[-9]', '[a-c-e]', '[b-a]'],
]
const BYTES = ['a', 'A', 'b', 'c', '-', '.', '_', ' ', '\n', '\xe9', '\xff', ']', '^', '1', '{']

function ours(pattern: string, text: string): string {
  const automaton = parsePattern(pattern)
  return automaton === undefined ? 'b' : matches(automaton, folded(text)) ? '1' : '0'
}

t.test('as glibc', { skip: ask === undefined ? 'no cc, or another C library' : false }, async (t) => {
  const random = randomFrom(3)
  const pairs = Array.from({ length: 2 * ROUNDS }, (_, i): [string, string] => [
    i % 2 === 0 ? wellFormed(random, ELEMENTS, DEPTH) : illFormed(random, PIECES),
    value(random, BYTES),
  ])
  const input = Buffer.from(pairs.map((pair) => `${pair.join('\0')}\0`).join(''), 'latin1')
  const answers = execFileSync(ask ?? '', { input, env: { LC_ALL: 'C' }, timeout: 60000 }).toString('latin1')
  t.equal(answers.length, pairs.length)
  const differences = pairs
    .map(([pattern, text], i) => [pattern, text, answers.charAt(i), ours(pattern, text)] as const)
    .filter(([, , theirs, mine]) => theirs !== mine)
  t.same(differences, [], 'pattern, value, glibc, ours')
  t.ok([...answers].filter((answer) => answer === 'b').length > 1000)
  t.ok([...answers].filter((answer) => answer === '1').length > 1000)
})
