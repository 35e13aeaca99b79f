/** The main job on loopback: a message goes from end to end, and every step is shown. Needs no root. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'

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

/** A qmail home with one mailbox. */
function prepare(): void {
  put('control/me', 'mx.demo.example\n')
  put('control/rcpthosts', 'demo.example\n')
  put('control/locals', 'demo.example\n')
  put('control/maildirs', 'alice@demo.example:Maildir\n')
  for (const dir of ['tmp', 'new', 'cur']) mkdirSync(join(home, 'Maildir', dir), { recursive: true })
  say(`A qmail home in ${home}: control/me, rcpthosts, locals, maildirs, and a Maildir for alice@demo.example.`)
}

/** Starts the service: its port. */
async function serve(): Promise<number> {
  const args = ['-1vRHl0', '127.0.0.1', '0', 'qmail-smtpd']
  say(`$ QMAILQUEUE=qmail-queue-maildir tcpserver ${args.join(' ')}`)
  const server = spawn(join(BIN, 'tcpserver'), args, {
    env: { PATH: `${BIN}:/usr/bin:/bin`, QMAILHOME: home, QMAILQUEUE: join(BIN, 'qmail-queue-maildir') },
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

async function main(): Promise<void> {
  step('Prepare')
  prepare()
  put('message', 'From: bob@elsewhere.example\nTo: alice@demo.example\nSubject: hello\n\nA line.\n.a line with a dot\n')

  step('Listen: tcpserver runs qmail-smtpd for each connection, in a fork of itself')
  const port = await serve()

  step('Send: qmail-smtpc speaks SMTP on descriptors 6 and 7')
  const report = await send(port, join(home, 'message'))
  say('   its report, as qmail-rspawn reads it:')
  for (const record of report.split('\0').slice(0, -1)) say(`   ${JSON.stringify(record)}`)
  if (!/^r\0K/.test(report)) throw new Error('the message was not accepted')

  step('Delivered: qmail-queue-maildir has put it into the Maildir')
  const files = readdirSync(join(home, 'Maildir/new'))
  if (files.length !== 1) throw new Error(`${files.length} files in Maildir/new`)
  say(`Maildir/new/${files[0]}:`)
  const delivered = readFileSync(join(home, 'Maildir/new', files[0] ?? ''), 'latin1')
  say(delivered.replace(/^/gm, '   | ').trimEnd())
  if (!delivered.endsWith('\n\nA line.\n.a line with a dot\n')) throw new Error('the message has changed on its way')
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
