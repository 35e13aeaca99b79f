/** How a check ends: without a word, or with a refusal and its log line. */
import { env, exit, note, sys } from '@moreqmail/unix'
import { EXIT } from './verdict.ts'

/** Nothing speaks against the recipient. */
export function accept(): never {
  exit(EXIT.accept)
}

/** The check can't tell now; the client is to try again. */
export function defer(): never {
  exit(EXIT.defer)
}

/** The client's address as the listener gave it, for the log. */
export function clientIp(): string {
  return env('TCPREMOTEIP') ?? 'unknown'
}

/** Logs `rcptcheck: CHECK PPID IP WHAT`; PPID is whoever runs the check, mostly the process that talks to the client. */
export function logRefusal(check: string, ip: string, what: string): void {
  note(`rcptcheck: ${check} ${sys.getppid()} ${ip} ${what}`)
}

/** Logs the refusal and ends with the code for it. */
export function refuse(check: string, ip: string, what: string): never {
  logRefusal(check, ip, what)
  exit(EXIT.reject)
}
