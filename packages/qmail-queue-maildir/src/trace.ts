/** The lines that a delivery puts before the message, and the name of its file. Pure. */
import { utcDate } from '@moreqmail/message/date'
import { quoteLocalPart } from '@moreqmail/smtp/quote'

/** The address with its local part quoted where it needs it; without an `@` it is all local part, and '' stays empty. */
export function quoteAddress(address: string): string {
  const at = address.lastIndexOf('@')
  if (at < 0) return address === '' ? '' : quoteLocalPart(address)
  return quoteLocalPart(address.slice(0, at)) + address.slice(at)
}

/** Who took the message, and when (seconds since 1970). */
export interface Taker {
  readonly pid: number
  readonly uid: number
  readonly time: number
}

/** The three lines before the message, as qmail-local and qmail-queue write them. */
export function traceLines(sender: string, address: string, { pid, uid, time }: Taker): string {
  const returnPath = quoteAddress(sender).replaceAll('\n', '_')
  return (
    `Return-Path: <${returnPath}>\n` +
    `Delivered-To: ${address.replaceAll('\n', '_')}\n` +
    `Received: (qmail ${pid} invoked by uid ${uid}); ${utcDate(time)}\n`
  )
}

/** The n-th name of a file that this process delivers at this time. */
export function fileName(time: number, pid: number, n: number, host: string): string {
  const seconds = Math.floor(time)
  const micros = Math.floor((time - seconds) * 1e6)
  const safe = host.replaceAll('/', '\\057').replaceAll(':', '\\072')
  return `${seconds}.M${String(micros).padStart(6, '0')}P${pid}Q${n}.${safe}`
}
