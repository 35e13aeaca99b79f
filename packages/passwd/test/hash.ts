import t from 'tap'
import { hashKind } from '../src/hash.ts'

const argon2 = (m: string, t: string, p = '1') =>
  `$argon2id$v=19$m=${m},t=${t},p=${p}$c2FsdHNhbHRzYWx0$+x0YTWh6kbBJuYt15ZQx5mBYEmyI2W9BY+gJOE+w9fY`
const BCRYPT = '$2b$05$abcdefghijklmnopqrstuusSu0myMBYsexQ1yUrdeiVuU1RC.l/yG'

t.test('kinds of hashes', async (t) => {
  for (const hash of ['', '!', '*', `!${BCRYPT}`, '*LK*']) t.equal(hashKind(hash), 'locked', hash)
  for (const kind of ['2a', '2b', '2y']) t.equal(hashKind(BCRYPT.replace('2b', kind)), 'bcrypt', kind)
  t.equal(hashKind(argon2('262144', '10')), 'argon2id')
  t.equal(hashKind(argon2('19456', '2', '4')), 'argon2id')
})

t.test('unusable hashes', async (t) => {
  const hash = argon2('19456', '2')
  for (const other of [
    argon2('262145', '2'),
    argon2('19456', '11'),
    argon2('', '2'),
    argon2('99999999999999999999', '2'),
    argon2('19456', '2', '0'),
    hash.replace('argon2id', 'argon2i'),
    hash.replace('v=19$', ''),
    hash.replace('v=19', 'v=16'),
    `${hash}\0`,
    `${hash}\n`,
    ` ${hash}`,
    BCRYPT.replace('2b', '2x'),
    BCRYPT.slice(0, -1),
    `${BCRYPT}a`,
    `${BCRYPT}\n`,
    '$6$abc$def',
    'x',
    'plain text',
  ])
    t.equal(hashKind(other), 'unusable', other)
})

t.test('every cut of a hash is unusable', async (t) => {
  const hash = argon2('19456', '2')
  for (let end = 1; end <= hash.lastIndexOf('$') + 1; end++) t.equal(hashKind(hash.slice(0, end)), 'unusable')
  for (let end = 1; end < BCRYPT.length; end++) t.equal(hashKind(BCRYPT.slice(0, end)), 'unusable')
})
