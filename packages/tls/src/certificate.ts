/** What is told about a certificate, and whom it is for. Pure. */
import { latin1 } from '@moreqmail/unix/bytes'
import { BMP_STRING, type Element, element, elements, identifier, MALFORMED, OBJECT, UTC_TIME } from './der.ts'

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
  const [body] = elements(der, element(der, 0, der.length))
  const fields = elements(der, needed(body))
  const [serial, , issuer, validity, subject] = fields[0]?.tag === VERSION ? fields.slice(1) : fields
  const [notBefore, notAfter] = elements(der, needed(validity))
  const names = alternativeNames(der, fields)
  return {
    serial: serialText(der, needed(serial)),
    issuer: nameText(der, needed(issuer)),
    subject: nameText(der, needed(subject)),
    notBefore: timeText(der, needed(notBefore)),
    notAfter: timeText(der, needed(notAfter)),
    hosts: names.filter(({ tag }) => tag === DNS_NAME).map(({ start, end }) => latin1(der, start, end)),
    addresses: names.filter(({ tag }) => tag === IP_ADDRESS).map(({ start, end }) => der.slice(start, end)),
  }
}

function needed(part: Element | undefined): Element {
  if (part === undefined) throw MALFORMED
  return part
}

function alternativeNames(der: Uint8Array, fields: readonly Element[]): readonly Element[] {
  const list = fields.find(({ tag }) => tag === EXTENSIONS)
  if (list === undefined) return []
  for (const extension of elements(der, element(der, list.start, list.end))) {
    const parts = elements(der, extension)
    const [id, value] = [parts[0], parts.at(-1)]
    if (id?.tag !== OBJECT || value === undefined || identifier(der, id) !== SUBJECT_ALT_NAME) continue
    return elements(der, element(der, value.start, value.end))
  }
  return []
}

function serialText(der: Uint8Array, { start, end }: Element): string {
  const hex = Array.from(der.subarray(start, end), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^00(?=.)/, '').toUpperCase()
}

/** All attributes in order, as OpenSSL's oneline form; what is no visible ASCII in a value is `?`. */
function nameText(der: Uint8Array, name: Element): string {
  let text = ''
  for (const set of elements(der, name)) {
    for (const attribute of elements(der, set)) {
      const [type, value] = elements(der, attribute)
      const id = identifier(der, needed(type))
      text += `/${ATTRIBUTES.get(id) ?? id}=${valueText(der, needed(value))}`
    }
  }
  return text
}

function valueText(der: Uint8Array, { tag, start, end }: Element): string {
  const bytes = der.subarray(start, end)
  // Two bytes a character, the first of which is 0 for ASCII.
  const text = tag === BMP_STRING ? latin1(bytes).replace(/\0(.)|../gs, (_, low?: string) => low ?? '?') : latin1(bytes)
  return text.replace(/[^ -~]/g, '?')
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 5280 4.1.2.5: years of two digits are those from 1950 to 2049. */
function timeText(der: Uint8Array, { tag, start, end }: Element): string {
  const text = latin1(der, start, end)
  const full = tag === UTC_TIME ? `${text < '50' ? '20' : '19'}${text}` : text
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full) ?? []
  const monthName = MONTHS[Number(month) - 1]
  if (monthName === undefined) throw MALFORMED
  return `${monthName} ${String(Number(day)).padStart(2)} ${hour}:${minute}:${second} ${year} GMT`
}
