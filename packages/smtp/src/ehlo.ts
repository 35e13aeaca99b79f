/** What a server offers in its reply to EHLO. RFC 5321 4.1.1.1. Pure. */
import type { Reply } from './reply.ts'

/** Keyword in upper case -> its parameters, '' without any. */
export type Keywords = ReadonlyMap<string, string>

export const NO_KEYWORDS: Keywords = new Map()

/**
 * The keywords of lines 2 and on: the text after the code and its `-` or blank, up to a blank or `=` (as old servers
 * write `AUTH=LOGIN`). A keyword that comes twice has the parameters of both.
 */
export function parseKeywords(reply: Reply): Keywords {
  const keywords = new Map<string, string>()
  for (const line of reply.text.split('\n').slice(1)) {
    const text = line.slice(4).trim()
    if (text === '') continue
    const end = text.search(/[ \t=]/)
    const keyword = (end < 0 ? text : text.slice(0, end)).toUpperCase()
    const parameters = end < 0 ? '' : text.slice(end + 1).trim()
    const before = keywords.get(keyword)
    keywords.set(keyword, before ? `${before} ${parameters}` : parameters)
  }
  return keywords
}

/**
 * The largest message a server takes, in bytes (RFC 1870): Infinity without a limit, undefined if SIZE isn't offered
 * or its parameter is no number.
 */
export function sizeLimit(keywords: Keywords): number | undefined {
  const limit = keywords.get('SIZE')
  if (limit === undefined || !/^[0-9]*$/.test(limit)) return undefined
  return Number(limit) || Number.POSITIVE_INFINITY
}
