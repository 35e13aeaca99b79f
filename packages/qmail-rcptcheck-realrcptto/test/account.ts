import t from 'tap'
import { type Account, assignedAccount, qmailFiles, systemAccount, userIn } from '../src/account.ts'

/** `home dash ext`, or what else came out. */
function shown(account: Account | 'unclear' | undefined): string | undefined {
  return typeof account === 'object' ? `${account.home} ${account.dash} ${account.ext}` : account
}

t.test('users/cdb', async (t) => {
  const record = (home: string, dash: string, ext: string) => `u\x001\x001\0${home}\0${dash}\0${ext}`
  const records: Record<string, string> = {
    '!bob\0': record('/bob', '', ''),
    '!bob-': record('/bob', '-', ''),
    '!bob-x': record('/never', '-', ''),
    '!team.': record('/team', '-', 'members-'),
    '!short\0': 'u\x001\x001\0/short\0-',
    '!cut-': 'u',
    '!more\0': `${record('/more', '-', 'e')}\0tail`,
    '!more-': `${record('/more', '-', 'e')}\0`,
  }
  const asked: string[] = []
  const find = (local: string, wildcards = '-.') =>
    shown(
      assignedAccount(local, wildcards, (key) => {
        asked.push(key)
        return records[key]
      }),
    )
  t.equal(find('bob'), '/bob  ')
  t.same(asked.splice(0), ['!bob\0'])
  t.equal(find('BOB-List'), '/bob - List', 'the key in lower case, the rest as it is')
  t.same(asked.splice(0), ['!bob-list\0', '!bob-'])
  t.equal(find('bob-x'), '/bob - x', 'x is no wildcard byte')
  t.equal(find('bob-x', 'x-'), '/never - ')
  t.equal(find('bob-a-b'), '/bob - a-b')
  t.equal(find('team.A'), '/team - members-A')
  t.equal(find('team-a'), undefined)
  t.equal(find('short'), 'unclear')
  t.equal(find('cut-x'), 'unclear')
  t.equal(find('more'), '/more - e', 'the extension ends at a NUL')
  t.equal(find('more-x'), '/more - e')
  asked.length = 0
  t.equal(find('a-b.c', ''), undefined)
  t.same(asked, ['!a-b.c\0', '!'])
  records['!'] = record('/all', '-', '')
  t.equal(find('x-y', '-'), '/all - x-y')
  t.equal(find(''), '/all - ')
  t.equal(find('!', '!'), '/all - !')
})

t.test('system users', async (t) => {
  const homes: Record<string, number> = { '/bob': 5, '/root': 0, '/other': 7, '/long': 9, '/alias': 3 }
  const users: Record<string, { uid: number; home: string }> = {
    bob: { uid: 5, home: '/bob' },
    'bob-x': { uid: 5, home: '/bob' },
    root: { uid: 0, home: '/root' },
    not: { uid: 8, home: '/other' },
    gone: { uid: 5, home: '/gone' },
    ['l'.repeat(31)]: { uid: 9, home: '/long' },
    ['m'.repeat(32)]: { uid: 9, home: '/long' },
    alias: { uid: 3, home: '/alias' },
  }
  const find = (local: string) =>
    shown(
      systemAccount(
        local,
        (name) => users[name],
        (path) => homes[path],
      ),
    )
  t.equal(find('bob'), '/bob  ')
  t.equal(find('Bob-List-a'), '/bob - List-a')
  t.equal(find('bob-x'), '/bob  ')
  t.equal(find('bob-x-y'), '/bob - y')
  t.equal(find('bob-'), '/bob - ')
  t.equal(find('bobby'), '/alias - bobby')
  t.equal(find('root'), '/alias - root', 'root gets no mail')
  t.equal(find('not'), '/alias - not', 'the home is of another user')
  t.equal(find('gone'), '/alias - gone', 'there is no home')
  t.equal(find('l'.repeat(31)), '/long  ')
  t.equal(find(`${'l'.repeat(31)}-x`), '/long - x')
  t.equal(find('m'.repeat(32)), `/alias - ${'m'.repeat(32)}`)
  t.equal(find(''), '/alias - ')
  t.equal(find('-'), '/alias - -')
  t.equal(find('-bob'), '/alias - -bob')
  delete users['alias']
  t.equal(find('nobody'), undefined)
  const asked: string[] = []
  systemAccount(
    `${'x-'.repeat(500)}y`,
    (name) => {
      asked.push(name)
      return undefined
    },
    () => undefined,
  )
  t.ok(asked.length < 20 && asked.every((name) => name.length <= 31), 'no name is longer than a user name')
})

t.test('the files of an account', async (t) => {
  const files = (dash: string, ext: string) => [...qmailFiles({ home: '/h', dash, ext })].map((path) => path.slice(9))
  t.same(files('-', 'List'), ['-list', '-default'])
  t.same(files('-', 'a-b-c'), ['-a-b-c', '-a-b-default', '-a-default', '-default'])
  t.same(files('-', 'a-'), ['-a-', '-a-default', '-default'])
  t.same(files('-', ''), ['-', '-default'])
  t.same(files('-', '../../x.y'), ['-::/::/x:y', '-default'])
  t.same(files('x', 'a'), ['xa', 'xdefault'])
})

t.test('a passwd file', async (t) => {
  const text = `# comment
root:x:0:0:root:/root:/bin/sh
bob:x:1000:1000:Bob,,,:/home/bob:/bin/sh
bob:x:1001:1001::/home/other:/bin/sh
short:x:5
word:x:five:5::/home/word:/bin/sh
noshell:x:7:7::/home/noshell
:x:8:8::/empty:
last:x:9:9::/last:/bin/sh`
  t.same(userIn(text, 'root'), { uid: 0, home: '/root' })
  t.same(userIn(text, 'bob'), { uid: 1000, home: '/home/bob' })
  t.same(userIn(text, 'noshell'), { uid: 7, home: '/home/noshell' })
  t.same(userIn(text, 'last'), { uid: 9, home: '/last' })
  for (const name of ['bo', 'Bob', 'short', 'word', 'x', 'bob:x', '# comment'])
    t.equal(userIn(text, name), undefined, name)
})
