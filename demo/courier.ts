/** Stands in for qmail-send, qmail-rspawn and qmail-local: hands on what waits in a host's outbox. */
import { readdirSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Host, put } from './host.ts'
import { run } from './processes.ts'
import { quote, say } from './screen.ts'

/** A message that waits: its envelope, and the bytes that were queued. */
interface Waiting {
  readonly file: string
  readonly sender: string
  readonly recipient: string
  readonly message: string
}

/** What is in the outbox. The first two lines of each file are the envelope. */
function waiting(host: Host): readonly Waiting[] {
  const dir = join(host.home, 'outbox/new')
  return readdirSync(dir)
    .sort()
    .map((name) => {
      const file = join(dir, name)
      const text = readFileSync(file, 'latin1')
      const [, sender = '', recipient = ''] = /^Return-Path: <(.*)>\nDelivered-To: (.*)\n/.exec(text) ?? []
      return { file, sender, recipient, message: text.slice(text.indexOf('\n', text.indexOf('\n') + 1) + 1) }
    })
}

/** Sends a message as qmail-rspawn does: its report must say that the recipient was accepted. */
export async function send(host: Host, sender: string, recipient: string, message: string): Promise<void> {
  put(host.home, 'message', message, 0o600)
  const argv = ['qmail-rfilter-remote', recipient.slice(recipient.lastIndexOf('@') + 1), sender, recipient]
  say(`${host.name}$ ${argv.map((word) => word || "''").join(' ')} <message`)
  const { code, output } = await run(argv, host.env, { file: join(host.home, 'message') })
  say('   its report, as qmail-rspawn reads it:')
  for (const record of output.split('\0').slice(0, -1)) quote(JSON.stringify(record))
  if (code !== 0 || !/^r\0K/.test(output)) throw new Error('the message was not accepted')
}

/** Hands on all that waits in a host's outbox: the number of messages. */
export async function handOn(host: Host): Promise<number> {
  const messages = waiting(host)
  for (const { file, sender, recipient, message } of messages) {
    await send(host, sender, host.forwards[recipient] ?? recipient, message)
    unlinkSync(file)
  }
  return messages.length
}
