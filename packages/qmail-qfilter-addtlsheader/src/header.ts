/** The trace line about the TLS session by which a message came. Pure. */

/** Looks up a variable. */
export type Get = (name: string) => string | undefined

/**
 * The line with its line feed, undefined unless both the protocol and the cipher are known. It says who has decrypted the
 * session for us, and the user who has logged in.
 */
export function tlsHeader(get: Get, date: () => string): string | undefined {
  const protocol = get('SSL_PROTOCOL')
  const cipher = get('SSL_CIPHER')
  if (protocol === undefined || cipher === undefined) return undefined
  return `Received: (ucspitls${helper(get)} ${safe(protocol)} ${safe(cipher)}); ${date()}\n`
}

function helper(get: Get): string {
  if (get('FIXSMTPIOTLS') !== undefined) return ' acceptutils fixsmtpio'
  const user = get('AUTHUP_USER')
  return user === undefined ? '' : ` acceptutils authup ${safe(user)}`
}

/** The client has chosen the user's name: it can't end the comment or the line. */
function safe(text: string): string {
  return text.replace(/[^A-Za-z0-9.@%+/=:_-]/g, '?')
}
