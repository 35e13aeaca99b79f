import t from 'tap'
import { isTemporary, type RecordType } from '../src/answer.ts'
import { encodeQuery, readReply } from '../src/message.ts'
import * as p from './lib/packet.ts'

const ID = 0x1234
const NAME = 'example.org'
/** Where the name of the question is, and `org` in it. */
const QNAME = p.pointer(12)
const REFUSED = 5
const SERVFAIL = 2
const NXDOMAIN = 3

const query = (type: RecordType, name = NAME, edns = true) => encodeQuery(ID, p.name(name), type, edns)
const CODES: Record<RecordType, number> = { A: 1, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28, TLSA: 52 }

/** What is read of a reply with these records. */
function read<T extends RecordType>(type: T, m: p.Message, name = NAME, edns = true) {
  return readReply(p.message({ id: ID, question: [name, CODES[type]], ...m }), query(type, name, edns), type)
}

const a = (owner: Buffer, ip: string): p.Rr => ({ owner, type: p.A, data: Buffer.from(ip.split('.').map(Number)) })
const cname = (owner: Buffer, data: Buffer): p.Rr => ({ owner, type: p.CNAME, data })
const txt = (data: Buffer): p.Rr => ({ owner: QNAME, type: p.TXT, data })
const found = <D>(records: readonly D[], name = NAME) => ({ status: 'found', records, name, authentic: false })
const none = (status: string, name = NAME) => ({ status, records: [], name, authentic: false })

t.test('queries', (t) => {
  const plain = '1234 0120 0001 0000 0000 0000 07 6578616d706c65 03 6f7267 00 000f 0001'
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
  t.same(Buffer.from(query('MX', NAME, false)), hex(plain))
  t.same(
    Buffer.from(query('MX')),
    Buffer.concat([hex(plain.replace('0000 07', '0001 07')), hex('00 0029 04d0 00000000 0000')]),
  )
  for (const [type, code] of Object.entries(CODES)) {
    const bytes = Buffer.from(query(type as RecordType, NAME, false))
    t.same(bytes.subarray(-4), p.uint16(code, 1), type)
  }
  t.end()
})

t.test('records of each type', (t) => {
  t.same(read('A', { answers: [a(QNAME, '192.0.2.1'), a(QNAME, '192.0.2.255')] }), found(['192.0.2.1', '192.0.2.255']))
  const six = Buffer.from('20010db8000000000000000000000001', 'hex')
  t.same(read('AAAA', { answers: [{ owner: QNAME, type: p.AAAA, data: six }] }), found(['2001:db8::1']))
  const mx = [p.mx(10, p.pointed('mx', 12)), p.mx(0, p.name('')), p.mx(65535, p.name('a\0b.Other'))]
  t.same(
    read('MX', { answers: mx.map((data) => ({ owner: QNAME, type: p.MX, data })) }),
    found([
      { preference: 10, exchange: 'mx.example.org' },
      { preference: 0, exchange: '.' },
      { preference: 65535, exchange: 'a\\000b.Other' },
    ]),
  )
  t.same(
    read('PTR', { answers: [{ owner: QNAME, type: p.PTR, data: p.name('Host.example') }] }),
    found(['Host.example']),
  )
  t.same(read('CNAME', { answers: [cname(QNAME, p.name('other.example'))] }), found(['other.example']), 'not followed')
  t.same(
    read('TLSA', { answers: [{ owner: QNAME, type: p.TLSA, data: Buffer.from([3, 1, 2, 0xab, 0xcd]) }] }),
    found([{ usage: 3, selector: 1, matchingType: 2, data: Uint8Array.of(0xab, 0xcd) }]),
  )
  t.end()
})

t.test('TXT keeps strings and records apart', (t) => {
  const texts = (...data: Buffer[]) => read('TXT', { answers: data.map(txt) })
  t.same(texts(p.strings('v=spf1 ', '-all')), found([['v=spf1 ', '-all']]))
  t.same(texts(p.strings('a'), p.strings('b', 'c')), found([['a'], ['b', 'c']]))
  t.same(texts(p.strings('')), found([['']]))
  t.same(texts(p.strings('', '', 'x', '')), found([['', '', 'x', '']]))
  t.same(texts(Buffer.alloc(0)), found([[]]), 'no string at all')
  t.same(texts(p.strings('\0\r\n\xff"\\')), found([['\0\r\n\xff"\\']]), 'bytes as they are')
  const huge = Array.from({ length: 254 }, (_, i) => String.fromCharCode(i).repeat(255))
  t.same(texts(p.strings(...huge)), found([huge]), '65,024 bytes')
  t.same(texts(Buffer.of(5, 97, 97, 97, 97)), none('servfail'), 'a string beyond its record')
  t.same(texts(Buffer.concat([p.strings('aaa'), Buffer.of(1)])), none('servfail'))
  t.end()
})

t.test('data of the wrong length', (t) => {
  const six = Buffer.alloc(16)
  const name = p.name('x.example')
  const cases: Array<[RecordType, number, Buffer]> = [
    ['A', p.A, Buffer.alloc(3)],
    ['A', p.A, Buffer.alloc(5)],
    ['A', p.A, Buffer.alloc(0)],
    ['AAAA', p.AAAA, six.subarray(1)],
    ['AAAA', p.AAAA, Buffer.alloc(17)],
    ['MX', p.MX, p.uint16(1)],
    ['MX', p.MX, Buffer.of(1)],
    ['MX', p.MX, Buffer.concat([p.mx(1, name), Buffer.of(0)])],
    ['MX', p.MX, p.mx(1, name.subarray(0, -1))],
    ['PTR', p.PTR, Buffer.concat([name, Buffer.of(0)])],
    ['PTR', p.PTR, Buffer.alloc(0)],
    ['A', p.CNAME, name.subarray(0, 3)],
    ['TLSA', p.TLSA, Buffer.of(3, 1)],
  ]
  for (const [type, code, data] of cases)
    t.same(read(type, { answers: [{ owner: QNAME, type: code, data }] }), none('servfail'), `${type} ${data.length}`)
  t.same(read('A', { answers: [{ ...a(QNAME, '1.2.3.4'), length: 5 }] }), none('servfail'), 'beyond the end')
  t.same(read('A', { answers: [{ ...a(QNAME, '1.2.3.4'), length: 3 }] }), none('servfail'))
  t.same(read('A', { answers: [{ ...a(QNAME, '1.2.3.4'), length: 65535 }] }), none('servfail'))
  const tlsa = read('TLSA', { answers: [{ owner: QNAME, type: p.TLSA, data: Buffer.of(3, 1, 1) }] })
  t.same(tlsa, found([{ usage: 3, selector: 1, matchingType: 1, data: new Uint8Array() }]))
  t.end()
})

t.test('what there is not', (t) => {
  t.same(read('A', {}), none('nodata'))
  t.same(read('A', { flags: p.OK | NXDOMAIN }), none('nxdomain'))
  t.same(read('A', { flags: p.OK | SERVFAIL }), none('servfail'))
  t.same(read('A', { flags: p.OK | REFUSED }), none('refused'))
  for (const rcode of [6, 7, 8, 9, 10, 11, 15]) t.same(read('A', { flags: p.OK | rcode }), none('servfail'), `${rcode}`)
  const soa = { owner: p.name('org'), type: p.SOA, data: Buffer.alloc(22) }
  t.same(read('A', { authorities: [soa] }), none('nodata'), 'authority is not looked at')
  const temporary = ['servfail', 'refused', 'timeout'] as const
  for (const status of temporary) t.equal(isTemporary({ status }), true)
  for (const status of ['found', 'nodata', 'nxdomain'] as const) t.equal(isTemporary({ status }), false)
  t.end()
})

t.test('who may say so', (t) => {
  const [recursive, authoritative] = [0x0080, 0x0400]
  const other = p.OK & ~recursive
  t.same(read('A', { flags: other }), none('servfail'), 'a referral')
  t.same(read('A', { flags: other | NXDOMAIN }), none('servfail'))
  t.same(read('A', { flags: other | authoritative }), none('nodata'))
  t.same(read('A', { flags: other | authoritative | NXDOMAIN }), none('nxdomain'))
  const alias = [cname(QNAME, p.name('www.example'))]
  t.same(read('A', { answers: alias }), none('nodata', 'www.example'))
  t.same(read('A', { answers: alias, flags: other | authoritative }), none('servfail'), 'it did not look there')
  t.same(read('A', { answers: alias, flags: other | authoritative | NXDOMAIN }), none('nxdomain', 'www.example'))
  t.same(read('A', { answers: [a(QNAME, '192.0.2.1')], flags: other }), found(['192.0.2.1']))
  t.end()
})

t.test('no EDNS', (t) => {
  for (const rcode of [1, 4]) {
    t.equal(read('A', { flags: p.OK | rcode }), 'no edns')
    t.equal(read('A', { flags: p.OK | rcode, question: undefined }), 'no edns', 'with the header alone')
    t.same(read('A', { flags: p.OK | rcode }, NAME, false), none('servfail'), 'when there was none')
  }
  t.end()
})

t.test('AD', (t) => {
  const answers = [a(QNAME, '192.0.2.1')]
  t.match(read('A', { answers, flags: p.OK | 0x20 }), { status: 'found', authentic: true })
  t.match(read('A', { flags: p.OK | 0x20 }), { status: 'nodata', authentic: true })
  t.match(read('A', { flags: p.OK | 0x20 | NXDOMAIN }), { status: 'nxdomain', authentic: true })
  t.match(read('A', { flags: p.OK | 0x20 | SERVFAIL }), { authentic: false })
  t.match(read('A', { answers, flags: p.OK | 0x10 }), { authentic: false }, 'CD is something else')
  t.end()
})

t.test('whose reply it is', (t) => {
  const answers = [a(QNAME, '192.0.2.1')]
  t.match(read('A', { answers, question: ['eXample.ORG', p.A] }), found(['192.0.2.1'], NAME), 'letters of any case')
  const others: Array<[string, p.Message]> = [
    ['another id', { id: ID + 1 }],
    ['a query', { flags: 0x0100 }],
    ['another opcode', { flags: p.OK | 0x2800 }],
    ['another name', { question: ['example.com', p.A] }],
    ['a longer name', { question: ['x.example.org', p.A] }],
    ['a shorter name', { question: ['org', p.A] }],
    ['another type', { question: [NAME, p.AAAA] }],
    ['no question', { question: undefined }],
    ['no question, and no such name', { question: undefined, flags: p.OK | NXDOMAIN, answers: [] }],
    ['two questions', { counts: [2, 1, 0, 0] }],
    ['a question that is not counted', { counts: [0, 1, 0, 0] }],
  ]
  for (const [about, m] of others) t.equal(read('A', { answers, ...m }), 'other', about)
  const wrongClass = p.message({ id: ID, question: [NAME, p.A], answers })
  wrongClass[p.afterQuestion(NAME) - 1] = 3
  t.equal(readReply(wrongClass, query('A'), 'A'), 'other', 'another class')
  const bracket = p.message({ id: ID, question: ['{xample.org', p.A] })
  t.equal(readReply(bracket, query('A', '[xample.org'), 'A'), 'other', 'only letters have a case')
  const typeA = p.message({ id: ID, question: ['example.org', 0x41] })
  const typea = Buffer.from(query('A'))
  typea[p.afterQuestion(NAME) - 3] = 0x61
  t.equal(readReply(typeA, typea, 'A'), 'other', 'a type has none')
  t.same(read('A', { question: undefined, flags: p.OK | SERVFAIL }), none('servfail'), 'a failure may be without it')
  t.same(read('A', { question: undefined, flags: p.OK | REFUSED }), none('refused'))
  t.end()
})

t.test('truncated', (t) => {
  t.equal(read('A', { flags: p.OK | 0x200 }), 'truncated')
  t.equal(read('A', { flags: p.OK | 0x200, answers: [{ ...a(QNAME, '1.2.3.4'), length: 99 }] }), 'truncated')
  t.equal(read('A', { flags: p.OK | 0x200, id: 1 }), 'other')
  t.end()
})

t.test('owners', (t) => {
  const other = p.name('example.com')
  t.same(read('A', { answers: [a(other, '192.0.2.66')] }), none('nodata'), 'of another name')
  t.same(read('A', { answers: [a(other, '192.0.2.66'), a(QNAME, '192.0.2.1')] }), found(['192.0.2.1']))
  t.same(read('A', { answers: [a(p.name('EXAMPLE.org'), '192.0.2.1')] }), found(['192.0.2.1']))
  t.same(read('A', { answers: [a(p.pointed('Example', 20), '192.0.2.1')] }), found(['192.0.2.1']))
  t.same(read('A', { answers: [{ ...a(QNAME, '192.0.2.66'), class: 3 }] }), none('nodata'), 'of another class')
  t.same(
    read('A', { answers: [{ owner: QNAME, type: 46, data: Buffer.alloc(9) }, a(QNAME, '192.0.2.1')] }),
    found(['192.0.2.1']),
  )
  t.same(read('A', { answers: [a(p.name('a.b'), '192.0.2.1')] }, 'a.b'), found(['192.0.2.1'], 'a.b'))
  const dotted = Buffer.from('\x03a.b\0', 'latin1')
  t.same(read('A', { answers: [a(dotted, '192.0.2.66')] }, 'a.b'), none('nodata', 'a.b'), 'a dot in a label is none')
  t.end()
})

t.test('CNAMEs', (t) => {
  const [b, c] = [p.name('b.example'), p.name('c.example')]
  t.same(read('A', { answers: [cname(QNAME, b), a(b, '192.0.2.1')] }), found(['192.0.2.1'], 'b.example'))
  t.same(read('A', { answers: [cname(QNAME, b), cname(b, c), a(c, '192.0.2.1')] }), found(['192.0.2.1'], 'c.example'))
  t.same(
    read('A', { answers: [a(c, '192.0.2.1'), cname(p.name('B.Example'), p.name('C.example')), cname(QNAME, b)] }),
    found(['192.0.2.1'], 'C.example'),
    'in any order and case',
  )
  t.same(read('A', { answers: [cname(QNAME, b)] }), none('nodata', 'b.example'), 'to nothing')
  t.same(read('A', { answers: [cname(QNAME, b)], flags: p.OK | NXDOMAIN }), none('nxdomain', 'b.example'))
  t.same(read('A', { answers: [cname(QNAME, b), a(c, '192.0.2.66')] }), none('nodata', 'b.example'), 'to another name')
  t.same(read('A', { answers: [cname(b, c), a(c, '192.0.2.66')] }), none('nodata'), 'of another name')
  t.same(read('A', { answers: [cname(QNAME, QNAME)] }), none('servfail'), 'to itself')
  t.same(read('A', { answers: [cname(QNAME, b), cname(b, c), cname(c, QNAME)] }), none('servfail'), 'in a circle')
  t.same(
    read('A', { answers: [cname(QNAME, b), cname(QNAME, c), a(b, '192.0.2.1')] }),
    found(['192.0.2.1'], 'b.example'),
  )
  t.same(read('A', { answers: [cname(QNAME, b), a(QNAME, '192.0.2.1')] }), found(['192.0.2.1']), 'with data beside it')
  const names = Array.from({ length: 30 }, (_, i) => p.name(`n${i}.example`))
  const chain = (n: number) => [
    cname(QNAME, names[1]!),
    ...Array.from({ length: n - 1 }, (_, i) => cname(names[i + 1]!, names[i + 2]!)),
    a(names[n]!, '192.0.2.1'),
  ]
  t.same(read('A', { answers: chain(16) }), found(['192.0.2.1'], 'n16.example'))
  t.same(read('A', { answers: chain(17) }), none('servfail'), 'too many')
  t.end()
})

t.test('wrong counts', (t) => {
  const answers = [a(QNAME, '192.0.2.1'), a(QNAME, '192.0.2.2')]
  t.same(read('A', { answers, counts: [1, 3, 0, 0] }), none('servfail'), 'more than there are')
  t.same(read('A', { answers, counts: [1, 65535, 0, 0] }), none('servfail'))
  t.same(read('A', { answers, counts: [1, 1, 1, 0] }), found(['192.0.2.1']), 'fewer')
  t.same(read('A', { answers, counts: [1, 2, 99, 99] }), found(['192.0.2.1', '192.0.2.2']), 'of what is not looked at')
  t.end()
})

t.test('compression loops', (t) => {
  const at = p.afterQuestion(NAME)
  t.same(read('A', { answers: [a(p.pointer(at), '192.0.2.1')] }), none('servfail'), 'an owner that points to itself')
  t.same(read('A', { answers: [a(p.pointer(at + 2), '192.0.2.1')] }), none('servfail'), 'forward')
  const data = at + 2 + 10
  t.same(read('PTR', { answers: [{ owner: QNAME, type: p.PTR, data: p.pointer(data) }] }), none('servfail'))
  t.same(read('PTR', { answers: [{ owner: QNAME, type: p.PTR, data: p.pointed('a', data) }] }), none('servfail'))
  t.end()
})

t.test('cut at every byte', (t) => {
  const records: Array<[RecordType, readonly p.Rr[]]> = [
    ['A', [cname(QNAME, p.name('b.example')), a(p.name('b.example'), '192.0.2.1')]],
    ['MX', [{ owner: QNAME, type: p.MX, data: p.mx(10, p.pointed('mx', 12)) }]],
    ['TXT', [txt(p.strings('one', '', 'two'))]],
    ['TLSA', [{ owner: QNAME, type: p.TLSA, data: Buffer.alloc(35) }]],
  ]
  for (const [type, answers] of records) {
    const whole = p.message({ id: ID, question: [NAME, CODES[type]], answers })
    const question = p.afterQuestion(NAME)
    for (let n = 0; n < whole.length; n++) {
      const reply = readReply(whole.subarray(0, n), query(type), type)
      if (n < question ? reply !== 'other' : typeof reply === 'string' || reply.status !== 'servfail')
        t.fail(`${type} cut after ${n} bytes: ${JSON.stringify(reply)}`)
    }
    t.match(readReply(whole, query(type), type), { status: 'found' }, `${type} whole`)
    t.match(readReply(Buffer.concat([whole, Buffer.from('more')]), query(type), type), { status: 'found' }, 'and more')
  }
  t.end()
})
