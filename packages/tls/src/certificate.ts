/** What is told about a certificate, and whom it is for. Pure. */
import { BMP_STRING, type Element, identifier, OBJECT, readElements, UTC_TIME } from '@moreqmail/der'
import { latin1 } from '@moreqmail/unix/bytes'

/** The parts of a certificate that are told or judged. */
export interface Certificate {
  /** Hexadecimal, upper case. */
  readonly serial: string
  /** `/O=x/CN=y` */
  readonly issuer: string
  readonly subject: string
  /** `Jan  1 00:00:00 2020 GMT` */
  readonly notBefore: string
  readonly notAfter: string
  /** The names in subjectAltName: whom it is for. RFC 9525 */
  readonly hosts: readonly string[]
  /** The addresses there, 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[]
}

const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'title'],
  ['2.5.4.42', 'GN'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
])

const VERSION = 0xa0
const EXTENSIONS = 0xa3
const SUBJECT_ALT_NAME = '2.5.29.17'
/** Kinds of GeneralName, RFC 5280 4.2.1.6 */
const DNS_NAME = 0x82
const IP_ADDRESS = 0x87

/** Thrown at anything that is no certificate. */
const MALFORMED = new Error('malformed certificate')

/** Reads a certificate in DER; undefined if it is none. */
export function parseCertificate(der: Uint8Array): Certificate | undefined {
  try {
    return certificate(der)
  } catch (error) {
    if (error === MALFORMED) return undefined
    throw error
  }
}

/** RFC 5280 4.1 */
function certificate(der: Uint8Array): Certificate {
  const [whole] = within(der)
  const [body] = within(needed(whole).contents)
  const fields = within(needed(body).contents)
  const [serial, , issuer, validity, subject] = fields[0]?.tag === VERSION ? fields.slice(1) : fields
  const [notBefore, notAfter] = within(needed(validity).contents)
  const names = alternativeNames(fields)
  return {
    serial: serialText(needed(serial)),
    issuer: nameText(needed(issuer)),
    subject: nameText(needed(subject)),
    notBefore: timeText(needed(notBefore)),
    notAfter: timeText(needed(notAfter)),
    hosts: names.filter(({ tag }) => tag === DNS_NAME).map(({ contents }) => latin1(contents)),
    addresses: names.filter(({ tag }) => tag === IP_ADDRESS).map(({ contents }) => contents.slice()),
  }
}

function within(contents: Uint8Array): readonly Element[] {
  const found = readElements(contents)
  if (found === undefined) throw MALFORMED
  return found
}

function needed(part: Element | undefined): Element {
  if (part === undefined) throw MALFORMED
  return part
}

function alternativeNames(fields: readonly Element[]): readonly Element[] {
  const [extensions] = within(fields.find(({ tag }) => tag === EXTENSIONS)?.contents ?? new Uint8Array())
  if (extensions === undefined) return []
  for (const extension of within(extensions.contents)) {
    const parts = within(extension.contents)
    const [id, value] = [parts[0], parts.at(-1)]
    if (id?.tag !== OBJECT || value === undefined || identifier(id) !== SUBJECT_ALT_NAME) continue
    return within(needed(within(value.contents)[0]).contents)
  }
  return []
}

function serialText({ contents }: Element): string {
  const hex = Array.from(contents, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^00(?=.)/, '').toUpperCase()
}

/** All attributes in order, as OpenSSL's oneline form; what is no visible ASCII in a value is `?`. */
function nameText(name: Element): string {
  let text = ''
  for (const set of within(name.contents)) {
    for (const attribute of within(set.contents)) {
      const [type, value] = within(attribute.contents)
      const id = identifier(needed(type))
      text += `/${ATTRIBUTES.get(id) ?? id}=${valueText(needed(value))}`
    }
  }
  return text
}

function valueText({ tag, contents }: Element): string {
  const text = latin1(contents)
  // Two bytes a character, the first of which is 0 for ASCII.
  const ascii = tag === BMP_STRING ? text.replace(/\0(.)|../gs, (_, low?: string) => low ?? '?') : text
  return ascii.replace(/[^ -~]/g, '?')
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 5280 4.1.2.5: years of two digits are those from 1950 to 2049. */
function timeText({ tag, contents }: Element): string {
  const text = latin1(contents)
  const full = tag === UTC_TIME ? `${text < '50' ? '20' : '19'}${text}` : text
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full) ?? []
  const monthName = MONTHS[Number(month) - 1]
  if (monthName === undefined) throw MALFORMED
  return `${monthName} ${String(Number(day)).padStart(2)} ${hour}:${minute}:${second} ${year} GMT`
}
