/** qmail-smtpd: takes mail from a client by SMTP and hands it to the queue. */
import { newSession, serve } from '@moreqmail/smtp/server'
import { type Client, dismiss, openClient, openOutput, PLAIN_ENDINGS } from '@moreqmail/smtp-io'
import { takeOffer } from '@moreqmail/ucspi-tls'
import { chdirHome, env, environment, exit, home, stayForkable, sys } from '@moreqmail/unix'
import { smtpdPolicy } from './policy.ts'
import { type Configuration, readConfiguration } from './settings.ts'

export const synopsis = 'qmail-smtpd'

const NO_CONTROLS = '421 unable to read controls (#4.3.0)'
const NO_MEMORY = '421 out of memory (#4.3.0)'

/** Seconds that a write may take as long as control/timeoutsmtpd is not known. */
const FIRST_TIMEOUT = 1200

export function main(): never {
  let client: Client | undefined
  const end = (reply: string): never =>
    dismiss(client?.output ?? openOutput(FIRST_TIMEOUT, PLAIN_ENDINGS), reply, PLAIN_ENDINGS.failed)
  const unable = (): never => end(NO_CONTROLS)
  try {
    if (checksItself()) stayForkable()
    if (chdirHome() < 0) unable()
    const configuration = readConfiguration(unable)
    client = openClient(configuration.timeout, PLAIN_ENDINGS)
    converse(client, configuration, unable)
  } catch (error) {
    // What the engine throws when it can't get memory.
    if (error instanceof RangeError) end(NO_MEMORY)
    throw error
  }
}

/** True if the recipient check is one of our programs, of which then many may be run. */
function checksItself(): boolean {
  const check = env('RCPTCHECK') ?? ''
  return check !== '' && sys.isself(check.startsWith('/') ? check : `${home()}/${check}`) === 1
}

/** Greets the client and executes its commands. */
function converse(client: Client, configuration: Configuration, unable: () => never): never {
  const { greeting, databytes, smtputf8 } = configuration
  const { input, output } = client
  const { level, descriptors } = takeOffer(environment())
  const policy = smtpdPolicy(configuration, client, descriptors, unable)
  const settings = {
    greeting,
    databytes,
    smtputf8,
    nul: 'cut',
    tls: level,
    tlsUsable: descriptors !== undefined,
  } as const
  const verdict = policy.connection()
  const first = 'refuse' in verdict ? verdict : { refuse: `220 ${greeting} ESMTP` }
  if (first.refuse !== undefined) output.puts(`${first.refuse}\r\n`)
  output.flush()
  if (first.exit !== undefined) exit(first.exit)
  const end = serve(newSession(settings, policy), input, output)
  exit(end === 'eof' ? PLAIN_ENDINGS.gone : end)
}
