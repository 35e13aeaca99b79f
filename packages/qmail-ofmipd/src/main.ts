/** qmail-ofmipd: takes mail from its authors by SMTP, completes it and hands it to the queue. */
import { type Cdb, openCdb } from '@moreqmail/cdb'
import { newSession, serve } from '@moreqmail/smtp/server'
import { type Client, dismiss, type Endings, openClient, openOutput, PLAIN_ENDINGS } from '@moreqmail/smtp-io'
import { takeOffer } from '@moreqmail/ucspi-tls'
import { args, chdirHome, env, environment, exit } from '@moreqmail/unix'
import { ofmipdPolicy } from './policy.ts'
import { type Configuration, readConfiguration } from './settings.ts'

export const synopsis = 'qmail-ofmipd [ name.cdb ]'

const NO_CONFIGURATION = '451 unable to read configuration (#4.3.0)'
const NO_MEMORY = '451 out of memory (#4.3.0)'
const STRANGER = '530 authentication required (#5.7.1)'

/** The reply to AUTH, which qmail-authup leaves to the program that it runs. */
const LOGGED_IN = '235 ok, go ahead (#2.0.0)'

/** Seconds that a write may take as long as control/timeoutsmtpd is not known. */
const FIRST_TIMEOUT = 1200

/** What qmail-authup waits for: 14 has been said to be temporary, at 16 it speaks itself; 1, 2 or 111 refuse a login. */
const AUTHUP_ENDINGS: Endings = { gone: 0, timeout: { reply: undefined, exit: 16 }, failed: 14 }

export function main(): never {
  const user = env('AUTHUP_USER') ?? ''
  const endings = user === '' ? PLAIN_ENDINGS : AUTHUP_ENDINGS
  let client: Client | undefined
  const end = (reply: string): never =>
    dismiss(client?.output ?? openOutput(FIRST_TIMEOUT, endings), reply, endings.failed)
  const unable = (): never => end(NO_CONFIGURATION)
  try {
    const names = openNames(args()[0], unable)
    if (chdirHome() < 0) unable()
    const configuration = readConfiguration(unable)
    client = openClient(configuration.timeout, endings)
    converse(client, configuration, names, user)
  } catch (error) {
    // What the engine throws when it can't get memory.
    if (error instanceof RangeError) end(NO_MEMORY)
    throw error
  }
}

/** The name database; a file that is named must be there. */
function openNames(path: string | undefined, unable: () => never): Cdb | undefined {
  if (path === undefined) return undefined
  const cdb = openCdb(path)
  return cdb === undefined || typeof cdb === 'number' ? unable() : cdb
}

/** Greets the client and executes its commands. */
function converse(client: Client, configuration: Configuration, names: Cdb | undefined, user: string): never {
  const { greeting, databytes, smtputf8 } = configuration
  const { input, output, endings } = client
  const { level, descriptors } =
    user === '' ? takeOffer(environment()) : { level: 'none' as const, descriptors: undefined }
  const policy = ofmipdPolicy(configuration, client, names, user, descriptors)
  const settings = {
    greeting,
    databytes,
    smtputf8,
    nul: 'linefeed',
    tls: level,
    tlsUsable: descriptors !== undefined,
    stranger: user === '' && env('RELAYCLIENT') === undefined ? STRANGER : undefined,
  } as const
  output.puts(`${user === '' ? `220 ${greeting} ESMTP` : LOGGED_IN}\r\n`)
  output.flush()
  const end = serve(newSession(settings, policy), input, output)
  exit(end === 'eof' ? endings.gone : end)
}
