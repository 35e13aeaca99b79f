/** qmail-pop3d: gives the user who has logged in the mail of a Maildir, by POP3. */
import { args, exit, note, Reader, sys, Writer } from '@moreqmail/unix'
import { closeMaildir, openMaildir, sendMessage } from './maildir.ts'
import { command, newSession, type Session, TOO_LONG } from './session.ts'

export const synopsis = 'qmail-pop3d maildir'

/** To qmail-authup this is a login refused. */
const REFUSED = 1

/** Seconds that the client may let us wait. */
const TIMEOUT = 1200

const NO_MAILDIR = '-ERR this user has no $HOME/Maildir'
const NO_SCAN = '-ERR unable to scan $HOME/Maildir'
const NO_MESSAGE = '-ERR unable to open that message'
const NOT_REMOVED = '-ERR unable to unlink all deleted messages'
const NO_MEMORY = '-ERR out of memory'

/** Whatever ends a session, the login was good: any other code would say that it was not. */
const gone: () => never = () => exit(0)

export function main(): never {
  if (sys.getuid() === 0 || sys.geteuid() === 0) {
    note('qmail-pop3d invoked as uid 0, terminating')
    exit(REFUSED)
  }
  const output = new Writer(1, { timeout: TIMEOUT, timedOut: gone, failed: gone })
  const end: (reply: string) => never = (reply) => {
    output.puts(`${reply}\r\n`)
    output.flush()
    exit(0)
  }
  try {
    const [maildir] = args()
    if (maildir === undefined || sys.chdir(maildir) < 0) end(NO_MAILDIR)
    const session = newSession(openMaildir() ?? end(NO_SCAN))
    output.puts('+OK \r\n')
    output.flush()
    converse(session, output)
    end(closeMaildir(session.mailbox.messages()) ? '+OK ' : NOT_REMOVED)
  } catch (error) {
    // What the engine throws when it can't get memory.
    if (error instanceof RangeError) end(NO_MEMORY)
    throw error
  }
}

/** Executes commands up to QUIT. */
function converse(session: Session, output: Writer): void {
  const input = new Reader(0, { timeout: TIMEOUT, timedOut: gone, failed: gone })
  // The client has been promised a message: it gets what there is of it, without its end.
  const unreadable: () => never = () => {
    output.flush()
    return gone()
  }
  for (;;) {
    const line = input.line()
    if (line === 'eof') gone()
    const step = line === 'long' ? { reply: TOO_LONG } : command(session, line)
    if ('quit' in step) return
    if ('reply' in step) output.puts(`${step.reply}\r\n`)
    else if (!sendMessage(output, step.send, step.lines, unreadable)) output.puts(`${NO_MESSAGE}\r\n`)
    output.flush()
  }
}
