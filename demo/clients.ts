/** What people do: Alice submits, Bob fetches, and a stranger tries to get in. */
import { Conversation } from './conversation.ts'
import type { Host } from './host.ts'
import { say } from './screen.ts'

/** A login by SASL PLAIN (RFC 4616). */
function plain(name: string, password: string): string {
  return Buffer.from(`\0${name}\0${password}`, 'latin1').toString('base64')
}

/** Submits a message with STARTTLS and AUTH, as a mail program does. */
export async function submit(
  host: Host,
  port: number,
  login: readonly [name: string, password: string],
  to: string,
  message: string,
): Promise<void> {
  const client = await Conversation.to(host.address, port)
  await client.expect('220 ')
  await client.ask('EHLO laptop.example', '250')
  await client.ask('STARTTLS', '220 ')
  await client.secure(`mx.${host.domain}`, host.certificate)
  await client.ask('EHLO laptop.example', '250')
  await client.ask(`AUTH PLAIN ${plain(...login)}`, '235 ', 'AUTH PLAIN (name and password)')
  await client.ask('EHLO laptop.example', '250')
  await client.ask(`MAIL FROM:<${login[0]}>`, '250 ')
  await client.ask(`RCPT TO:<${to}>`, '250 ')
  await client.ask('DATA', '354 ')
  say('   C: (the message)')
  client.send(message.replace(/^\./gm, '..').replaceAll('\n', '\r\n'))
  await client.ask('.', '250 ')
  await client.ask('QUIT', '221 ')
  await client.end()
}

/** Tries to send from an address to a recipient, in the clear; the reply to the last command begins as said. */
export async function tryToSend(
  host: Host,
  port: number,
  address: string,
  sender: string,
  recipient: string,
  replies: readonly [mail: string, rcpt?: string],
): Promise<void> {
  const client = await Conversation.to(host.address, port, address)
  await client.expect('220 ')
  await client.ask('HELO stranger.example', '250 ')
  await client.ask(`MAIL FROM:<${sender}>`, replies[0])
  if (replies[1] !== undefined) await client.ask(`RCPT TO:<${recipient}>`, replies[1])
  await client.ask('QUIT', '221 ')
  await client.end()
}

/** Fetches the only message of a mailbox with STLS, and deletes it: its text. */
export async function fetch(
  host: Host,
  port: number,
  login: readonly [name: string, password: string],
): Promise<string> {
  const client = await Conversation.to(host.address, port)
  await client.expect('+OK')
  await client.ask('STLS', '+OK')
  await client.secure(`mx.${host.domain}`, host.certificate)
  await client.ask(`USER ${login[0]}`, '+OK')
  await client.ask(`PASS ${login[1]}`, '+OK', 'PASS (password)')
  await client.ask('STAT', '+OK 1 ')
  await client.ask('RETR 1', '+OK')
  const lines = [...(await client.lines())]
  lines.pop() // qmail-pop3d ends every message with an empty line of its own
  say(`   S: (${lines.length} lines)`)
  await client.ask('DELE 1', '+OK')
  await client.ask('QUIT', '+OK')
  await client.end()
  return `${lines.join('\n')}\n`
}
