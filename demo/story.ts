/** What happens between the hosts, and what it must lead to. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fetch, submit, tryToSend } from './clients.ts'
import { handOn, send } from './courier.ts'
import type { Host } from './host.ts'
import { type Network, PASSWORD } from './network.ts'
import { ALICE, BOB, BOB_AT_HOME, NOBODY, STRANGER } from './plan.ts'
import { quote, say, step } from './screen.ts'

const MESSAGE = 'From: Alice <alice>\nTo: Bob <bob@club>\nSubject: hello\n\nA line.\n.a line with a dot\n'

/** Hands on what waits at a host, which must be this many. */
async function handOnAll(host: Host, count: number): Promise<void> {
  const handed = await handOn(host)
  if (handed !== count) throw new Error(`${handed} messages in ${host.name}/outbox`)
}

/** Complains unless all these lines are there, and the body is what it was. */
function check(text: string, lines: readonly RegExp[]): void {
  for (const line of lines) if (!line.test(text)) throw new Error(`there is no line like ${line.source}`)
  if (!text.endsWith(MESSAGE.slice(MESSAGE.indexOf('\n\n')))) throw new Error('the message has changed on its way')
}

/** Plays it all once. */
export async function story(network: Network): Promise<void> {
  const { shop, club, home, ports } = network

  step('Submit: STARTTLS and a password first; then qmail-ofmipd completes the header and queues the message')
  await submit(shop, network.submission, [ALICE, PASSWORD], BOB, MESSAGE)

  step('Send: qmail-rfilter-remote signs with DKIM, then qmail-remote sends with STARTTLS')
  await handOnAll(shop, 1)

  step(
    'Forward: club has checked SPF and DKIM; SRS gives the message a sender that club may use, and the signature stays good',
  )
  await handOnAll(club, 1)

  step('Fetch: POP3 with STLS')
  await delay(1100) // qmail-pop3d leaves a message alone in the second in which it arrives
  const text = await fetch(home, network.pop3, [BOB_AT_HOME, PASSWORD])

  step('The message')
  quote(text)
  check(text, [
    /^Return-Path: <SRS0=\S+=shop\.example=alice@srs\.club\.example>$/m,
    /^Received-SPF: pass /m,
    /^\s+by mx\.home\.example with ESMTPS \(TLSv1\.3 /m,
    /dkim=pass /,
    /^\s+by \S+ with ESMTPSA /m,
    /^From: "Alice" <alice@shop\.example>$/m,
    /^To: "Bob" <bob@club\.example>$/m,
  ])

  step('Bounce: what comes back to the SRS address finds its way to Alice')
  const sender = /^Return-Path: <(.*)>$/m.exec(text)?.[1] ?? ''
  await send(
    home,
    '',
    sender,
    `From: MAILER-DAEMON@home.example\nTo: ${sender}\nSubject: failure notice\n\nBob is out.\n`,
  )
  await handOnAll(club, 1)
  const [bounce = ''] = readdirSync(join(shop.home, 'alice/Maildir/new'))
  quote(readFileSync(join(shop.home, 'alice/Maildir/new', bounce), 'latin1'))

  step('Refused: a stranger who says he is Alice, and mail for nobody')
  if (STRANGER !== shop.address) await tryToSend(home, ports.home, STRANGER, ALICE, BOB_AT_HOME, ['550 '])
  await tryToSend(home, ports.home, shop.address, ALICE, NOBODY, ['250 ', '5'])
}

/** Hands on messages that wait, until somebody ends the demo. */
export async function stay({ shop, club, home, submission, pop3, ports }: Network): Promise<never> {
  step('It stays like this until you press ^C. Try, in another terminal:')
  const swaks = `--server ${shop.address}:${submission} -tls -a PLAIN -au ${ALICE} -ap '${PASSWORD}'`
  say(`   swaks ${swaks} -f ${ALICE} -t ${BOB}`)
  say(`   openssl s_client -quiet -crlf -starttls smtp -connect ${home.address}:${ports.home}`)
  say(`   openssl s_client -quiet -crlf -starttls pop3 -connect ${home.address}:${pop3}`)
  say(`     (USER ${BOB_AT_HOME}, PASS ${PASSWORD}, LIST, RETR 1, QUIT)`)
  say(`   ls -R ${shop.home} ${club.home} ${home.home}`)
  for (;;) {
    await delay(500)
    for (const host of [shop, club]) {
      await handOn(host).catch((error: unknown) => say(`   ${String(error)}`))
    }
  }
}
