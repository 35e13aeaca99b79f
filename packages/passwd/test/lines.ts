import t from 'tap'
import { allUsers, findUser, isName, parseIds, putUser, removeUser } from '../src/lines.ts'

const TEXT = '# top\n\njunk\nal:HASH:1:2:/al\nalbert:H:::/b:/bin/x\nal:OTHER:3:4:/c\n#x:H:::/'
const AL = { name: 'al', hash: 'HASH', ids: { uid: 1, gid: 2 }, home: '/al', shell: '/bin/sh' }

t.test('finding a user', async (t) => {
  t.same(findUser(TEXT, 'al'), AL)
  t.same(findUser(TEXT, 'albert'), { name: 'albert', hash: 'H', ids: undefined, home: '/b', shell: '/bin/x' })
  t.same(findUser('a\xff:h:0:0:', 'a\xff'), {
    name: 'a\xff',
    hash: 'h',
    ids: { uid: 0, gid: 0 },
    home: '',
    shell: '/bin/sh',
  })
  for (const name of ['a', 'AL', 'b', '', '# top', '#x', 'al:HASH', 'al\njunk', 'al\0', 'top', 'HASH'])
    t.equal(findUser(TEXT, name), undefined, JSON.stringify(name))
  t.equal(findUser('', 'a'), undefined)
})

t.test('bad lines have numbers', async (t) => {
  t.equal(findUser(TEXT, 'junk'), 3)
  for (const line of ['a', 'a:', 'a:h:1:2', 'a:h:1:2:/:/s:', 'a:h:1::/', 'a:h::2:/', 'a:h:-1:2:/', 'a:h:1:2x:/'])
    t.equal(findUser(`b:h:1:2:/\n${line}\na:h:1:2:/`, 'a'), 2, line)
  t.equal(findUser('a:h:1:2:/\0', 'a'), 1)
  t.equal(findUser('a:h:4294967295:2:/', 'a'), 1)
  t.match(findUser('a:h:4294967294:2:/', 'a'), { ids: { uid: 4294967294 } })
})

t.test('every cut of a line is bad or another name', async (t) => {
  const line = 'al:HASH:11:22:/al'
  for (let end = 0; end < line.length; end++) {
    const user = findUser(line.slice(0, end), 'al')
    if (end < 2) t.equal(user, undefined)
    else if (end < 'al:HASH:11:22:'.length) t.equal(user, 1, line.slice(0, end))
    else t.type(user, 'object')
  }
})

t.test('names and ids', async (t) => {
  for (const name of ['a', 'a@b.example', ' ', '-', '\xe4', 'a#']) t.ok(isName(name), name)
  for (const name of ['', '#a', 'a:b', 'a\nb', 'a\r', '\0']) t.notOk(isName(name), JSON.stringify(name))
  t.equal(parseIds('', ''), 'none')
  t.same(parseIds('0', '07'), { uid: 0, gid: 7 })
  for (const [uid, gid] of [
    ['1', ''],
    ['', '1'],
    ['-', '-'],
    ['1', ' 1'],
    ['99999999999', '1'],
  ] as const)
    t.equal(parseIds(uid, gid), undefined, `${uid}/${gid}`)
})

t.test('putting a user in', async (t) => {
  const user = { ...AL, hash: 'NEW', shell: '' }
  t.equal(putUser('', user), 'al:NEW:1:2:/al\n')
  t.equal(putUser('x', user), 'x\nal:NEW:1:2:/al\n')
  t.equal(putUser('al', user), 'al:NEW:1:2:/al')
  t.equal(putUser(TEXT, user), TEXT.replace('al:HASH:1:2:/al', 'al:NEW:1:2:/al'))
  t.equal(putUser('', { ...user, ids: undefined, shell: '/s' }), 'al:NEW:::/al:/s\n')
  t.equal(putUser('al:$&:1:2:/', { ...user, hash: '$&' }), 'al:$&:1:2:/al')
})

t.test('removing a user', async (t) => {
  t.equal(removeUser(TEXT, 'al'), '# top\n\njunk\nalbert:H:::/b:/bin/x\n#x:H:::/')
  t.equal(removeUser('al', 'al'), '')
  t.equal(removeUser('b\nal', 'al'), 'b\n')
  t.equal(removeUser(TEXT, 'a'), undefined)
  t.equal(removeUser(TEXT, '#x'), undefined)
})

t.test('all users', async (t) => {
  t.same(
    [...allUsers(TEXT)].map((user) => (typeof user === 'number' ? user : user.name)),
    [3, 'al', 'albert'],
  )
  t.same([...allUsers('')], [])
  t.same([...allUsers(':h:1:2:/\n\r\n')], [1, 2])
})

t.test('a long file', async (t) => {
  const text = `${'x:h:1:2:/\n'.repeat(500_000)}al\n`
  t.equal(findUser(text, 'al'), 500_001)
  t.equal(findUser(`${'x'.repeat(10_000_000)}\nal:h:::/`, 'x'), undefined)
})
