/** moreqmail-dkimkey: makes a key for signing with DKIM and says what to publish. */
import {
  isDomain,
  isSelector,
  type KeyType,
  makeKey,
  type PrivateKey,
  privateKeyPem,
  publishedKey,
  readPrivateKey,
  waitFor,
  zoneRecord,
} from '@moreqmail/dkim'
import { args, chdirHome, type Errno, exit, fatal, getopt, readFile, sys, usage, Writer } from '@moreqmail/unix'
import { makeDirectories, storeKey } from './store.ts'

export const synopsis = 'moreqmail-dkimkey [ -ep ] [ -f file ] domain [ selector ]'

const MISUSE = 100
const FAILURE = 111

export function main(): void {
  const line = getopt(args(), 'epf:')
  if ('fault' in line) usage(MISUSE, synopsis)
  const given = (letter: string): string | undefined =>
    line.options.findLast((option) => option.letter === letter)?.value
  const [domain = '', selector = 'default', more] = line.rest
  if (!isDomain(domain) || !isSelector(selector) || more !== undefined) usage(MISUSE, synopsis)
  const file = given('f')
  if (file === undefined && chdirHome() < 0) fatal(FAILURE, 'unable to enter the qmail home')
  const path = file ?? `control/domainkeys/${domain.toLowerCase()}/${selector}`
  const type = given('e') === undefined ? 'rsa' : 'ed25519'
  waitFor(async () => {
    const key = given('p') === undefined ? await make(path, type, file === undefined) : read(path)
    const published = key && (await publishedKey(key))
    if (key === undefined || published === undefined) fatal(FAILURE, `unable to use ${path}: no private key`)
    const out = new Writer(1)
    out.puts(zoneRecord(selector, domain, key.type, published))
    exit(out.flush() ? 0 : FAILURE)
  }, FAILURE)
}

async function make(path: string, type: KeyType, isDefault: boolean): Promise<PrivateKey | undefined> {
  const text = privateKeyPem(await makeKey(type))
  // Whatever the caller's mask is: qmail-remote has to get there, and nobody else to the key.
  sys.umask(0o022)
  const errno: Errno = (isDefault ? makeDirectories(path) : 0) || storeKey(path, text)
  if (errno < 0) fatal(FAILURE, `unable to create ${path}`, errno)
  return readPrivateKey(text)
}

function read(path: string): PrivateKey | undefined {
  const text = readFile(path, (errno) => fatal(FAILURE, `unable to read ${path}`, errno))
  return text === undefined ? fatal(FAILURE, `unable to read ${path}: file does not exist`) : readPrivateKey(text)
}
