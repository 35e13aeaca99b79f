/** What is reported of a message that no server has been offered. Pure. */
import { visible } from '@moreqmail/unix/bytes'

const record = (text: string): string => `${text}\n\0`

export const IMPROPER = record('DI (qmail-remote) was invoked improperly. (#5.3.5)')
export const NO_HOME = record('ZUnable to switch to home directory. (#4.3.0)')
export const BAD_CONTROL = record('ZUnable to read control files. (#4.3.0)')
export const BAD_OUTGOING_IP = record('Zinvalid ipaddr in control/outgoingip (#4.3.0)')
export const LINE_BREAK = record('DSorry, I refuse to send an envelope address with a line break in it. (#5.1.3)')
export const NO_RESOURCES = record('ZSystem resources temporarily unavailable. (#4.3.0)')
export const UNREADABLE = record('ZUnable to read message. (#4.3.0)')
export const LOOP = record(
  "DSorry. Although I'm listed as a best-preference MX or A for that host,\n" +
    "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)",
)
export const NO_CONNECTION = record("ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)")
export const DNS_FAILED = record("ZSorry, I couldn't find any host by that name. (#4.1.2)")
export const NO_ADDRESS = record("DSorry, I couldn't find a mail exchanger or IP address. (#5.4.4)")

export function noHost(host: string): string {
  return record(`DSorry, I couldn't find any host named ${visible(host)}. (#5.1.2)`)
}

export function nullMx(host: string): string {
  return record(`DSorry, ${visible(host)} does not accept mail. (#5.1.10)`)
}

export function notRunnable(program: string): string {
  return record(`ZUnable to run ${visible(program)}. (#4.3.0)`)
}

/** `reason`: what there is to say about it, or ''. */
export function tlsFailed(ip: string, reason: string): string {
  return record(`ZTLS connect failed${reason === '' ? '' : `: ${reason}`}; connected to ${ip}.`)
}
