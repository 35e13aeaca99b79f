/** Who may read and write a control file, and who should. Pure. */

/** Of a file or directory, as stat has it. */
export interface Mode {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** A user that programs run as. */
export interface Account {
  readonly name: string
  readonly uid: number
  /** The only group that its programs have. */
  readonly gid: number
}

/** As whom programs run, but for those that start as root. */
export const ANYONE = 'anyone'
const SMTP_SERVER = 'qmaild'
const SMTP_CLIENT = 'qmailr'

const USERS: ReadonlyArray<readonly [user: string, programs: RegExp]> = [
  [SMTP_SERVER, /^qmail-(smtpd|rcptcheck.*|qfilter-(queue|srsreverse|dkimverify|viruscan)|spp-.*)$/],
  [SMTP_CLIENT, /^qmail-(remote|remote-io|smtpc|rfilter.*)$/],
  [ANYONE, /^qmail-(ofmipd|queue-maildir)$/],
]

/** The names of all users that programs run as. */
export const USER_NAMES: readonly string[] = [SMTP_SERVER, SMTP_CLIENT]

/** As whom the program runs; undefined: root, or whoever it may be. */
export function userOf(program: string): string | undefined {
  return USERS.find(([, programs]) => programs.test(program))?.[0]
}

const READ = 4
const WRITE = 2
const SEARCH = 1

/** Programs that only run if some control file names them. */
export function isOptional(program: string): boolean {
  return /^qmail-(rcptcheck-|qfilter-|rfilter-|spp-)/.test(program)
}

function may(bits: number, { mode, uid, gid }: Mode, account: Account | undefined): boolean {
  if (account?.uid === 0) return true
  const shift = account === undefined ? 0 : account.uid === uid ? 6 : account.gid === gid ? 3 : 0
  return ((mode >> shift) & bits) === bits
}

/** What is wrong with the mode of a file. `readers`: each program that reads it, and its user; none: anybody. */
export function fileFaults(
  mode: Mode,
  secret: boolean,
  readers: ReadonlyArray<readonly [program: string, account: Account | undefined]>,
): string[] {
  const faults: string[] = []
  if (secret && (mode.mode & READ) !== 0) faults.push('everybody can read it, and there is a secret in it')
  if ((mode.mode & WRITE) !== 0) faults.push('everybody can change it')
  if (secret && (mode.mode & (WRITE << 3)) !== 0) faults.push('its group can change it')
  const seen = new Set<string>()
  for (const [program, account] of readers) {
    const name = account?.name ?? 'not everybody'
    if (seen.has(name) || may(READ, mode, account)) continue
    seen.add(name)
    faults.push(
      account === undefined
        ? `not everybody can read it, as ${program} needs`
        : `${name}, as whom ${program} runs, can't read it`,
    )
  }
  return faults
}

/** What is wrong with the mode of a directory. */
export function directoryFaults(mode: Mode, accounts: readonly Account[]): string[] {
  return [
    ...((mode.mode & WRITE) === 0 ? [] : ['everybody can change what is in it']),
    ...accounts
      .filter((account) => !may(SEARCH, mode, account))
      .map(({ name }) => `${name} can't get at what is in it`),
  ]
}
