import t from 'tap'
import { List } from '../../unix/src/control.ts'
import { localPart } from '../src/address.ts'

const LOCALS = new List('y.org\nLocal.Example\n.dot\n')
const HACKS = new List('hack\nhub.example\nb@c\n')
const VIRTUAL = new List(`v.example:bob-v
special@w.example:bob-s
.sub.example:bob-sub
no.sub.example:
nocolon.example
y.org:never
twice.example:first
Twice.example:second
[ipv6:x
`)
const ALL = new List('one.example:one\n:all\n')

const local = (address: string, virtual = VIRTUAL) =>
  localPart(address, {
    envnoathost: 'Y.org',
    isLocal: (host) => LOCALS.has(host),
    hasPercentHack: (host) => HACKS.has(host),
    virtual: (key) => virtual.value(key),
  })

t.test('local hosts', async (t) => {
  t.equal(local('Bob@Y.ORG'), 'Bob')
  t.equal(local('bob'), 'bob')
  t.equal(local(''), '')
  t.equal(local('@y.org'), '')
  t.equal(local('a@b@y.org'), 'a@b')
  t.equal(local('bob@y.org@far'), undefined)
  t.equal(local('bob@'), undefined)
  t.equal(local('bob@far.example'), undefined)
  t.equal(local('bob@x.y.org'), undefined)
  t.equal(local('bob%x@y.org'), 'bob%x')
})

t.test('percent hack', async (t) => {
  t.equal(local('bob%y.org@hack'), 'bob')
  t.equal(local('bob%y.org%hub.example@HACK'), 'bob')
  t.equal(local('bob%far@hack'), undefined)
  t.equal(local('bob@hack'), undefined)
  t.equal(local('%@hack'), undefined)
  t.equal(local('a%y.org@x@hack'), undefined, 'after the percent there is `y.org@x`')
  t.equal(local('a%b@c@hack'), undefined)
  t.equal(local('q%y.org%b@c@hack'), 'q', 'and that can be listed too')
})

t.test('virtual domains', async (t) => {
  t.equal(local('list@V.example'), 'bob-v-list')
  t.equal(local('Special@W.example'), 'bob-s-Special')
  t.equal(local('other@w.example'), undefined)
  t.equal(local('x@a.b.sub.example'), 'bob-sub-x')
  t.equal(local('x@.sub.example'), 'bob-sub-x')
  t.equal(local('x@sub.example'), undefined)
  t.equal(local('x@no.sub.example'), undefined, 'an exception')
  t.equal(local('x@a.no.sub.example'), 'bob-sub-x')
  t.equal(local('x@nocolon.example'), undefined)
  t.equal(local('x@y.org'), 'x', 'local hosts come first')
  t.equal(local('x@twice.example'), 'second-x')
  t.equal(local('x@[ipv6:x'), undefined, 'a key ends at the first colon')
  t.equal(local('a@b%v.example@hack'), 'bob-v-a@b')
})

t.test('the entry for all domains', async (t) => {
  t.equal(local('x@far.example', ALL), 'all-x')
  t.equal(local('x@one.example', ALL), 'one-x')
  t.equal(local('x@', ALL), 'all-x')
  t.equal(local('x@y.org', ALL), 'x')
})
