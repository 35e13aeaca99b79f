import { generateKeyPairSync } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NameServer } from '../../../test/lib/name-server.ts'
import { type Env, home, run, write } from './lib/run.ts'

const VERIFY = ['qmail-qfilter-dkimverify']
const SIGN = ['qmail-rfilter-dkimsign']
const HEADER = 'From: joe@example.com\nTo: sue@example.org\nSubject: x\n'
const ID = 'mx.example.org'
const NONE = `Authentication-Results: ${ID}; dkim=none\n`

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const RECORD = `v=DKIM1; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`
const NAME = 'default._domainkey.example.com'

function newHome(t: Test, files: Readonly<Record<string, string>> = {}): string {
  const dir = home({ 'control/me': `${ID}\n`, 'control/domainkeys/example.com/default': PEM, ...files })
  t.teardown(() => rmSync(dir, { recursive: true }))
  return dir
}

async function surroundings(t: Test, files: Readonly<Record<string, string>> = {}): Promise<Env> {
  const server = await NameServer.start({ [NAME]: { TXT: [RECORD] } })
  t.teardown(() => server.close())
  return { QMAILHOME: newHome(t, files), DNSCACHEIP: `127.0.0.1:${server.port}` }
}

t.setTimeout(0)

t.test('the message stays as it is', async (t) => {
  const env = await surroundings(t)
  for (const message of [
    ...[
      '',
      'x',
      '\n',
      '\r\n',
      'a\0b\r\r\n\xff',
      `${HEADER}\nx\0\r\ny`,
      HEADER,
      HEADER.slice(0, -1),
      `From x\n${HEADER}\n`,
    ],
    ...[`${HEADER}\n${'y'.repeat(3_000_000)}`, `${'X-Field: value\n\tmore\n'.repeat(100_000)}${HEADER}\nbody\n`],
    ...['DKIM-Signature: hello\n', `DKIM-Signature: a\r\n${HEADER.replaceAll('\n', '\r\n')}\r\nbody`],
  ]) {
    const { code, out, err } = await run(VERIFY, message, env)
    t.ok(
      code === 0 && err === '' && /^Authentication-Results:.*\n(?:\t.*\n)*/.test(out),
      JSON.stringify(message.slice(0, 40)),
    )
    t.ok(out.endsWith(message), `${message.length} bytes`)
    const ours = await run(VERIFY, message, { ...env, AUTHINFO: '' })
    t.ok(ours.code === 0 && ours.out === message, 'that of our own users')
    const signed = await run(SIGN, message, env)
    t.ok(signed.code === 0 && signed.err === '' && signed.out.endsWith(message), 'signed')
    const isSigned =
      /^From:/m.test(message) && !message.startsWith('From x') && !message.startsWith('DKIM-Signature: a')
    if (!isSigned) continue
    t.ok(signed.out.startsWith('DKIM-Signature: '))
    // What qmail-remote makes of a CR is not what is in the file.
    if (message.includes('\r')) continue
    const checked = await run(VERIFY, signed.out, env)
    t.match(checked.out.slice(0, 200), /^Authentication-Results: mx\.example\.org;\n\tdkim=pass /)
    t.ok(checked.out.endsWith(signed.out))
  }
})

t.test('what begins as if it continued a field', async (t) => {
  const message = ' ; dkim=pass header.d=bank.example\nFrom: x\n\n'
  const { out } = await run(VERIFY, message, { QMAILHOME: newHome(t) })
  t.equal(out, `${NONE}\n${message}`, 'it can not continue ours')
})

t.test('forged results', async (t) => {
  const env = { QMAILHOME: newHome(t, { 'control/authservid': '\n' }) }
  const ours = [
    'Authentication-Results: mx.example.org; dkim=pass\n',
    'authentication-results : (x)\n "MX.example.org" 1;\n\tdkim=pass\n',
  ]
  const others = ['Authentication-Results: other.example; dkim=pass\n', 'X-Authentication-Results: mx.example.org; x\n']
  const header = [ours[0], others[0], HEADER, ours[1], others[1], ours[0]].join('')
  const kept = [others[0], HEADER, others[1]].join('')
  const body = `\nbody\n${ours[0]}`
  t.equal((await run(VERIFY, header + body, env)).out, NONE + kept + body)
  t.equal(
    (await run(VERIFY, (header + body).replaceAll('\n', '\r\n'), env)).out,
    NONE + (kept + body).replaceAll('\n', '\r\n'),
  )
  t.equal((await run(VERIFY, (header + ours[0]).slice(0, -1), env)).out, NONE + kept, 'without a line end')
})

t.test('who is verified, and by which name', async (t) => {
  const env = { QMAILHOME: newHome(t) }
  const message = `${HEADER}\n`
  for (const name of ['RELAYCLIENT', 'AUTHUP_USER', 'AUTHINFO']) {
    t.equal((await run(VERIFY, message, { ...env, [name]: '' })).out, message)
    t.equal((await run(VERIFY, message, { ...env, [name]: '', DKIMVERIFY: '' })).out, NONE + message)
    t.equal(
      (await run(VERIFY, message, { ...env, [name]: '', DKIMVERIFY: '', RELAYCLIENT_NODKIMVERIFY: '' })).out,
      message,
    )
  }
  const idOf = async (files: Readonly<Record<string, string>>) => {
    const dir = home(files)
    const { out } = await run(VERIFY, message, { QMAILHOME: dir })
    rmSync(dir, { recursive: true })
    return out.split('\n')[0]
  }
  t.equal(await idOf({ 'control/x': '' }), 'Authentication-Results: localhost; dkim=none')
  t.equal(
    await idOf({ 'control/me': 'me.example \n', 'control/authservid': '' }),
    'Authentication-Results: me.example; dkim=none',
  )
  t.equal(await idOf({ 'control/me': 'me', 'control/authservid': 'id\nx' }), 'Authentication-Results: id; dkim=none')
})

t.test('refusals', async (t) => {
  const env = await surroundings(t)
  const { out: good } = await run(SIGN, `${HEADER}\nbody\n`, env)
  const bad = `${good}!\n`
  const refuse = (message: string, letters: string, heard = true) =>
    run(VERIFY, message, { ...env, DKIMVERIFY: letters }, heard ? ['ignore', 'ignore', 'ignore', 'pipe'] : [])
  for (const [message, letters, text] of [
    [bad, 'U', 'DDKIM verification failed: body hash mismatch (#5.7.20)'],
    [bad, 'u', 'ZDKIM verification failed: body hash mismatch (#4.7.5)'],
    [HEADER, 'S', 'DDKIM verification failed: no signature (#5.7.20)'],
    [`DKIM-Signature: v=3\n${HEADER}`, 'w', 'ZDKIM verification failed: unknown version (#4.7.5)'],
    [good.replace('d=example.com', 'd=example.net'), 'q', 'ZDKIM verification failed: no key (#4.7.5)'],
  ] as const) {
    const found = await refuse(message, letters)
    t.same([found.code, found.text, found.out], [82, text, ''], letters)
    const unheard = await refuse(message, letters, false)
    t.same([unheard.code, unheard.out], [text.startsWith('D') ? 31 : 71, ''])
  }
  for (const [message, letters] of [
    [good, 'UIS'],
    [bad, 'ISQ'],
    [`DKIM-Signature: v=3\n${good}`, 'W'],
  ] as const)
    t.equal((await refuse(message, letters)).code, 0, letters)
})

t.test('trouble', async (t) => {
  const env = { QMAILHOME: newHome(t) }
  const full = openSync('/dev/full', 'w')
  const blocked = newHome(t, { 'control/authservid/x': '' })
  t.equal((await run(VERIFY, openSync('/', 'r'), env)).code, 54)
  t.equal((await run(VERIFY, HEADER, { QMAILHOME: blocked })).code, 55)
  t.equal((await run(VERIFY, HEADER, { QMAILHOME: '/nowhere' })).code, 55)
  t.equal((await run(VERIFY, HEADER, { ...env, TMPDIR: '/nowhere' })).code, 53)
  const file = openSync(write(join(env.QMAILHOME, 'message'), HEADER), 'r')
  const script = `exec ${VERIFY[0]} >/dev/full`
  t.equal((await run(['/bin/sh', '-c', script], file, env)).code, 53)
  closeSync(full)
})

/** A name server that answers each query with what is made of it, or not at all. */
async function liar(t: Test, reply: (query: Buffer) => readonly Buffer[]): Promise<string> {
  const socket: Socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.on('message', (query, from) => {
    for (const one of reply(query)) socket.send(one, from.port, from.address)
  })
  t.teardown(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

/** A reply with these records behind the question. */
function reply(query: Buffer, count: number, records: Buffer): Buffer {
  const head = Buffer.from([0, 0, 0x81, 0x80, 0, 1, count >> 8, count & 255, 0, 0, 0, 0])
  query.copy(head, 0, 0, 2)
  const end = query.indexOf(0, 12) + 5
  return Buffer.concat([head, query.subarray(12, end), records])
}

const answer = (type: number, data: Buffer) =>
  Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 255]), data])
const TXT = 16
const CNAME = 5

t.test('hostile name servers', async (t) => {
  const dir = newHome(t)
  const { out: signed } = await run(SIGN, `${HEADER}\nbody\n`, { QMAILHOME: dir })
  const strings = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])
  const liars: Readonly<Record<string, readonly [(query: Buffer) => readonly Buffer[], string]>> = {
    garbage: [(query) => [Buffer.concat([query.subarray(0, 12), Buffer.alloc(50, 0xff)])], 'temperror'],
    'a CNAME to itself': [(query) => [reply(query, 1, answer(CNAME, Buffer.from([0xc0, 12])))], 'temperror'],
    'much text': [(query) => [reply(query, 10, answer(TXT, strings('x'.repeat(250))))], 'temperror'],
    'many records': [
      (query) => [reply(query, 60, Buffer.concat(Array<Buffer>(60).fill(answer(TXT, strings('p')))))],
      'permerror',
    ],
    'control bytes': [(query) => [reply(query, 1, answer(TXT, strings('v=DKIM1; p=\0\n\r\nX: y')))], 'permerror'],
    'a string that is too long': [(query) => [reply(query, 1, answer(TXT, Buffer.from([200, 1, 2])))], 'temperror'],
    'an empty record': [(query) => [reply(query, 1, answer(TXT, Buffer.alloc(0)))], 'permerror'],
    'a key that is none': [(query) => [reply(query, 1, answer(TXT, strings(`p=${'A'.repeat(200)}`)))], 'permerror'],
    refusal: [
      (query) => [Buffer.concat([query.subarray(0, 2), Buffer.from([0x81, 0x85]), query.subarray(4)])],
      'temperror',
    ],
  }
  for (const [name, [lie, result]] of Object.entries(liars)) {
    const env = { QMAILHOME: dir, DNSCACHEIP: await liar(t, lie) }
    const { code, out } = await run(VERIFY, signed, env)
    t.equal(code, 0, name)
    t.equal(/\tdkim=(\w+)/.exec(out)?.[1], result, name)
    t.ok(out.endsWith(signed) && out.split('\n').length === signed.split('\n').length + 2, name)
  }
})

t.test('each key is asked for once, all at the same time', async (t) => {
  const asked: string[] = []
  const dns = await liar(t, (query) => {
    asked.push(query.subarray(12, query.indexOf(0, 12)).toString('latin1').toLowerCase())
    return [reply(query, 0, Buffer.alloc(0))]
  })
  const field = (selector: string) =>
    `DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=${selector}; h=from; bh=AAAA; b=AAAA\n`
  const fields = ['a', 'b', 'A', 'c', 'a', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map(field)
  const { out } = await run(VERIFY, `${fields.join('')}${HEADER}\n`, { QMAILHOME: newHome(t), DNSCACHEIP: dns })
  t.equal(out.match(/\tdkim=permerror \(no key\)/g)?.length, 10)
  t.equal(asked.length, 8, 'those of the first ten signatures')
  t.equal(new Set(asked).size, 8)
})

t.test('memory stays as it is', { skip: process.platform !== 'linux' && 'needs Linux' }, async (t) => {
  t.setTimeout(0)
  const env = await surroundings(t)
  const peaks: number[] = []
  for (const size of [1000, 200_000_000]) {
    const path = join(env['QMAILHOME'] ?? '', 'message')
    const fd = openSync(path, 'w')
    writeSync(fd, `${HEADER}\n`)
    const line = Buffer.from(`${'a line of text with  blanks and more of them '.repeat(2)}\n`.repeat(1000))
    for (let at = 0; at < size; at += line.length) writeSync(fd, line)
    closeSync(fd)
    for (const script of ['qmail-rfilter-dkimsign <message >signed', 'qmail-qfilter-dkimverify <signed >verified']) {
      const peak =
        'import os,sys,resource; s=os.system(sys.argv[1]); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, s)'
      const { out } = await run(['/usr/bin/env', '-C', env['QMAILHOME'] ?? '', 'python3', '-c', peak, script], '', env)
      const [kilobytes = '', status] = out.trim().split(' ')
      t.equal(status, '0', script)
      peaks.push(Number(kilobytes))
    }
    const verified = openSync(join(env['QMAILHOME'] ?? '', 'verified'), 'r')
    const start = readFileSync(verified, { encoding: 'latin1' }).slice(0, 100)
    closeSync(verified)
    t.match(start, 'dkim=pass')
  }
  const [smallSign = 0, smallVerify = 0, largeSign = 0, largeVerify = 0] = peaks
  t.ok(largeSign < smallSign + 24_000, `signing ${smallSign} kB, ${largeSign} kB`)
  t.ok(largeVerify < smallVerify + 24_000, `verifying ${smallVerify} kB, ${largeVerify} kB`)
})
