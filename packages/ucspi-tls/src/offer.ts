/** Whether a server may or must start TLS, and over which descriptors (UCSPI-TLS). Pure but for a look at those. */
import { wholeNumber } from '@moreqmail/unix/bytes'

/** `required`: clients have to start TLS before anything of interest. */
export type Level = 'none' | 'offered' | 'required'

/** The descriptors lent by the process that does TLS; numbers may be equal. */
export interface Descriptors {
  readonly control: number
  readonly read: number
  readonly write: number
}

/** The variables that say which they are. */
export const DESCRIPTOR_NAMES = ['SSLCTLFD', 'SSLREADFD', 'SSLWRITEFD'] as const

/** The variables that say whether to use them. */
export const LEVEL_NAMES = ['UCSPITLS', 'DISABLETLS'] as const

/** Looks up a variable. */
export type Get = (name: string) => string | undefined

/** The level that a server's environment asks for. */
export function tlsLevel(get: Get): Level {
  const wish = get('UCSPITLS')
  if (get('DISABLETLS') !== undefined || wish === undefined || wish === '-') return 'none'
  return wish === '!' ? 'required' : 'offered'
}

/** The descriptors; undefined unless all three are named and open. */
export function tlsDescriptors(get: Get, isOpen: (fd: number) => boolean): Descriptors | undefined {
  const [control, read, write] = DESCRIPTOR_NAMES.map((name) => openNumber(get(name), isOpen))
  if (control === undefined || read === undefined || write === undefined) return undefined
  return { control, read, write }
}

function openNumber(text: string | undefined, isOpen: (fd: number) => boolean): number | undefined {
  const fd = wholeNumber(text ?? '')
  return fd !== undefined && isOpen(fd) ? fd : undefined
}
