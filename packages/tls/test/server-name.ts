import t from 'tap'
import type { Certificate } from '../src/certificate.ts'
import { choose, isFor } from '../src/server-name.ts'

const certificate = (hosts: readonly string[], addresses: readonly (readonly number[])[] = []): Certificate => ({
  serial: '1',
  issuer: '/CN=ca',
  subject: '/CN=mx.example',
  notBefore: '',
  notAfter: '',
  hosts,
  addresses: addresses.map((address) => Uint8Array.from(address)),
})

t.test('whom a certificate is for', async (t) => {
  const yes = (host: string, ...hosts: string[]) => t.ok(isFor(certificate(hosts), host, undefined), `${hosts} ${host}`)
  const no = (host: string, ...hosts: string[]) =>
    t.notOk(isFor(certificate(hosts), host, undefined), `not ${hosts} ${host}`)
  yes('mx.example', 'other.example', 'mx.example')
  yes('MX.Example', 'mx.eXAMPLE')
  yes('mx.example.', 'mx.example')
  yes('a.wild.example', '*.wild.example')
  no('mx.example')
  no('', '')
  no('.', '')
  no('mx.example', 'mx.example.')
  no('wild.example', '*.wild.example')
  no('a.b.wild.example', '*.wild.example')
  no('.wild.example', '*.wild.example')
  no('mx.example', '*.example', '*', '*.*', 'm*.example', 'mx.*')
  no('ab.wild.example', 'a*.wild.example', '*b.wild.example')
  no('mx.example', 'mx.example\0.evil.example', 'mx.example ')
  no('mx.example\0.evil', 'mx.example')
})

t.test('addresses are compared as addresses, and names are none', async (t) => {
  const local = certificate(['127.0.0.1', 'localhost'], [[127, 0, 0, 2]])
  t.ok(isFor(local, '127.0.0.2', Uint8Array.of(127, 0, 0, 2)))
  t.notOk(isFor(local, '127.0.0.1', Uint8Array.of(127, 0, 0, 1)))
  t.notOk(isFor(local, '::1', new Uint8Array(16)))
})

t.test('the choice by a name', async (t) => {
  const choices = ['a.example', '*.example', '*.b.example'].map((name) => ({ name }))
  const chosen = (name: string) => choose(choices, name)?.name
  t.equal(chosen('a.example'), 'a.example')
  t.equal(chosen('A.EXAMPLE'), 'a.example')
  t.equal(chosen('c.example'), '*.example')
  t.equal(chosen('x.b.example'), '*.b.example')
  t.equal(chosen('x.y.b.example'), undefined)
  t.equal(chosen('example'), undefined)
  t.equal(chosen(''), undefined)
})
