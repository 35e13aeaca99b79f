import { getopt } from '@moreqmail/unix/getopt'
import t from 'tap'
import { LISTEN_LETTERS, type ListenSettings, listenSettings } from '../src/listen-options.ts'

function settings(
  words: string,
  env: Record<string, string> = {},
  noDelay = false,
): Partial<ListenSettings> | undefined {
  const line = getopt(words.split(' '), LISTEN_LETTERS)
  if ('fault' in line) throw new Error(line.fault)
  return listenSettings(line, noDelay, (name) => env[name])
}

t.test('defaults', async (t) => {
  t.same(settings('0 25 prog -v'), {
    verbosity: 1,
    limit: 40,
    clientLimit: undefined,
    backlog: 20,
    rules: undefined,
    rulesOptional: false,
    banner: '',
    uid: undefined,
    gid: undefined,
    printPort: false,
    localHost: undefined,
    lookUpHost: true,
    paranoid: false,
    identTimeout: undefined,
    keepSourceRoute: false,
    noDelay: false,
    family: undefined,
    scope: undefined,
    host: '0',
    port: '25',
    prog: ['prog', '-v'],
  })
})

t.test('options', async (t) => {
  t.match(settings('-vRHl0 -c5 -C2 -b9 -x rules -X -B hi -1 0 25 p'), {
    verbosity: 2,
    limit: 5,
    clientLimit: 2,
    backlog: 9,
    rules: 'rules',
    rulesOptional: true,
    banner: 'hi',
    printPort: true,
    localHost: '0',
    lookUpHost: false,
  })
  t.match(settings('-rp -t9 -oD -6 -I eth0 0 25 p'), {
    identTimeout: 9,
    paranoid: true,
    keepSourceRoute: true,
    noDelay: true,
    family: 6,
    scope: 'eth0',
  })
  t.match(settings('-r 0 25 p'), { identTimeout: 26 })
})

t.test('a later one beats an earlier one', async (t) => {
  t.match(settings('-c5 -c6 -vqQ -Hh -rR -Oo -dD -pP -46 -la -lb 0 25 p'), {
    limit: 6,
    verbosity: 1,
    lookUpHost: true,
    identTimeout: undefined,
    keepSourceRoute: true,
    noDelay: true,
    paranoid: false,
    family: 6,
    localHost: 'b',
  })
  t.match(settings('-qv 0 25 p'), { verbosity: 2 })
  t.match(settings('-Vq -d 0 25 p', {}, true), { verbosity: 0, noDelay: false })
})

t.test('ids', async (t) => {
  const env = { UID: '7', GID: '8' }
  t.match(settings('-u5 -g6 0 25 p', env), { uid: 5, gid: 6 })
  t.match(settings('-u5 -U 0 25 p', env), { uid: 7, gid: 8 })
  t.match(settings('-U -u5 0 25 p', env), { uid: 5, gid: 8 })
  t.match(settings('-u0 -g0 0 25 p'), { uid: undefined, gid: undefined }, '0 is no change')
  t.match(settings('-U 0 25 p'), { uid: undefined, gid: undefined })
})

t.test('numbers', async (t) => {
  t.match(settings('0 25 p', { MAXCONIP: '3' }), { clientLimit: 3 })
  t.match(settings('-C4 0 25 p', { MAXCONIP: '3' }), { clientLimit: 4 })
  t.match(settings('-c2147483647 0 25 p'), { limit: 2147483647 })
  for (const words of ['-cx', '-c 1x', '-c-1', '-c2147483648', '-C ', '-b1.5', '-u root', '-gx', '-t1s'])
    t.equal(settings(`${words} 0 25 p`), undefined, words)
  t.equal(settings('0 25 p', { MAXCONIP: 'x' }), undefined)
  t.equal(settings('-U 0 25 p', { UID: 'x' }), undefined)
  t.not(settings('0 25 p', { UID: 'x' }), undefined, 'not asked for')
})

t.test('words missing', async (t) => {
  for (const words of ['-v', '0', '0 25', '-- 0 25']) t.equal(settings(words), undefined, words)
  t.match(settings('-- -x 25 p'), { host: '-x' })
})
