/** What a record of the name database says of a sender. Pure. */

/** Who a sender is. */
export interface SenderName {
  readonly name: string
  readonly address: string
}

/**
 * Reads the data of a record: name, NUL, address; undefined if it is damaged. So it is, too, if the address could not
 * be in an envelope (NUL), or either not in one line.
 */
export function parseSenderName(data: string): SenderName | undefined {
  const nul = data.indexOf('\0')
  const address = data.slice(nul + 1)
  if (nul < 0 || address.includes('\0') || data.includes('\n')) return undefined
  return { name: data.slice(0, nul), address }
}

/** The record, as key and data, that a line `key:name:address:` and whatever follows asks for; undefined for none. */
export function nameRecord(line: string): [key: string, data: string] | undefined {
  if (line.startsWith('#')) return undefined
  const [key, name, address, rest] = line.split(':', 4)
  return key === undefined || rest === undefined ? undefined : [key, `${name}\0${address}`]
}
