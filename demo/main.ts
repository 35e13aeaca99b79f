/** The main job on loopback: a message goes from end to end, and every step is shown. Needs no root. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { selfSigned } from './certificate.ts'

const BIN = resolve('dist/bin')
const home = mkdtempSync(join(tmpdir(), 'moreqmail-demo-'))
const running: ChildProcess[] = []

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function step(text: string): void {
  say(`\n== ${text}`)
}

function put(path: string, text: string): void {
  mkdirSync(join(home, path, '..'), { recursive: true })
  writeFileSync(join(home, path), text)
}

/** Shows lines as they pass, each behind a mark. */
function shown(mark: string): (data: Buffer) => void {
  let rest = ''
  return (data) => {
    const lines = (rest + data.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) say(`   ${mark} ${line.replace(/\r$/, '')}`)
  }
}

/** A qmail home with one mailbox, and a certificate that its sending side trusts. */
function prepare(): void {
  put('control/me', 'mx.demo.example\n')
  put('control/rcpthosts', 'demo.example\n')
  put('control/locals', 'demo.example\n')
  put('control/maildirs', 'alice@demo.example:Maildir\n')
  for (const dir of ['tmp', 'new', 'cur']) mkdirSync(join(home, 'Maildir', dir), { recursive: true })
  const { key, certificate } = selfSigned('mx.demo.example')
  put('control/servercert.pem', certificate + key)
  put('control/trusted.pem', certificate)
  put('control/trustanchors', `${home}/control/trusted.pem\n`)
  say(`A qmail home in ${home}: control files, a Maildir for alice@demo.example, and a certificate made just now.`)
}

/** Starts the service: its port. */
async function serve(): Promise<number> {
  const args = ['-1vRHl0', '127.0.0.1', '0', 'ucspitlsd', 'qmail-smtpd']
  say(`$ UCSPITLS= CERTFILE=control/servercert.pem QMAILQUEUE=qmail-queue-maildir tcpserver ${args.join(' ')}`)
  const server = spawn(join(BIN, 'tcpserver'), args, {
    env: {
      PATH: `${BIN}:/usr/bin:/bin`,
      QMAILHOME: home,
      QMAILQUEUE: join(BIN, 'qmail-queue-maildir'),
      UCSPITLS: '',
      CERTFILE: `${home}/control/servercert.pem`,
    },
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(server)
  server.stderr?.on('data', shown('[log]'))
  const [data] = (await once(server.stdout as Readable, 'data')) as [Buffer]
  return Number(data.toString())
}

/** Sends the message in a file: the report of qmail-smtpc. */
async function send(port: number, message: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const args = ['demo.example', 'bob@elsewhere.example', 'alice@demo.example']
  say(`$ qmail-smtpc ${args.join(' ')} <message     (on a connection to port ${port})`)
  const input = openSync(message, 'r')
  const client = spawn(join(BIN, 'qmail-smtpc'), args, {
    env: { QMAILHOME: home, TCPREMOTEIP: '127.0.0.1' },
    stdio: [input, 'pipe', 'inherit', 'ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  closeSync(input)
  running.push(client)
  const toClient = client.stdio[6 as 4] as Writable
  const fromClient = client.stdio[7 as 4] as Readable
  socket.on('data', shown('S:'))
  fromClient.on('data', shown('C:'))
  socket.pipe(toClient)
  toClient.on('error', () => undefined) // the client leaves without waiting for the answer to QUIT
  fromClient.pipe(socket)
  let report = ''
  ;(client.stdout as Readable).on('data', (data: Buffer) => {
    report += data.toString('latin1')
  })
  const [code] = (await once(client, 'close')) as [number]
  if (code !== 0) throw new Error(`qmail-smtpc ended with ${code}`)
  socket.unpipe().resume()
  if (!socket.closed) await once(socket, 'close')
  return report
}

/** Sends the message in a file through qmail-remote, with STARTTLS: its report. */
async function remote(port: number, message: string): Promise<string> {
  put('control/smtproutes', `demo.example:127.0.0.1:${port}\n`)
  const args = ['demo.example', 'bob@elsewhere.example', 'alice@demo.example']
  say(`$ qmail-remote ${args.join(' ')} <message     (control/smtproutes leads to port ${port})`)
  const input = openSync(message, 'r')
  const client = spawn(join(BIN, 'qmail-remote'), args, {
    env: { PATH: `${BIN}:/usr/bin:/bin`, QMAILHOME: home },
    stdio: [input, 'pipe', 'inherit'],
  })
  closeSync(input)
  running.push(client)
  let report = ''
  client.stdout?.on('data', (data: Buffer) => {
    report += data.toString('latin1')
  })
  const [code] = (await once(client, 'close')) as [number]
  if (code !== 0) throw new Error(`qmail-remote ended with ${code}`)
  return report
}

/** Shows a report, which must say that all is well. */
function accepted(report: string): void {
  say('   its report, as qmail-rspawn reads it:')
  for (const record of report.split('\0').slice(0, -1)) say(`   ${JSON.stringify(record)}`)
  if (!/^r\0K/.test(report)) throw new Error('the message was not accepted')
}

/** Shows the newest message of the Maildir, which must have this line and an unchanged body. */
function delivered(count: number, line: RegExp): void {
  const files = readdirSync(join(home, 'Maildir/new')).sort()
  if (files.length !== count) throw new Error(`${files.length} files in Maildir/new`)
  const file = files.at(-1) ?? ''
  say(`Maildir/new/${file}:`)
  const text = readFileSync(join(home, 'Maildir/new', file), 'latin1')
  say(text.replace(/\n$/, '').replace(/^/gm, '   | '))
  if (!text.endsWith('\n\nA line.\n.a line with a dot\n')) throw new Error('the message has changed on its way')
  if (!line.test(text)) throw new Error(`there is no line like ${line.source}`)
}

async function main(): Promise<void> {
  step('Prepare')
  prepare()
  put('message', 'From: bob@elsewhere.example\nTo: alice@demo.example\nSubject: hello\n\nA line.\n.a line with a dot\n')

  step('Listen: tcpserver runs a connection in a fork of itself; ucspitlsd waits beside qmail-smtpd for STARTTLS')
  const port = await serve()
  const message = join(home, 'message')

  step('Send in the clear: qmail-smtpc speaks SMTP on descriptors 6 and 7')
  accepted(await send(port, message))

  step('Delivered: qmail-queue-maildir has put it into the Maildir')
  delivered(1, /^ {2}by \S+ with SMTP; /m)

  step('Send with STARTTLS: qmail-remote finds the server, tlsc does TLS, qmail-remote-io the rest')
  accepted(await remote(port, message))

  step('Delivered: the Received line says how it came')
  delivered(2, /^ {2}by \S+ with ESMTPS \(TLSv1\.3 \S+ encrypted\); /m)
}

/** Ends what still runs, and waits until it has. */
async function stop(): Promise<void> {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  rmSync(home, { recursive: true, force: true })
}

main()
  .then(async () => {
    await stop()
    step('Done: the listener has ended, the directory is gone.')
  })
  .catch(async (error: unknown) => {
    await stop()
    say(`\ndemo: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  })
