/** What an ident server has answered, RFC 1413 section 4. Pure. */

const LONGEST_NAME = 256

/** The name in a reply's line; undefined if it is not there, or is cut. Blanks are left out. */
export function identName(reply: string): string | undefined {
  const lf = reply.indexOf('\n')
  if (lf < 0) return undefined
  const [, kind, , ...name] = reply
    .slice(0, lf)
    .replace(/[ \t\r\0]/g, '')
    .split(':')
  const text = name.join(':').slice(0, LONGEST_NAME)
  return kind === 'USERID' && text !== '' ? text : undefined
}
