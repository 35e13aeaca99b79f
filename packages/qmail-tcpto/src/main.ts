/** qmail-tcpto: prints which hosts have recently timed out, and how often. */
import { formatAddress } from '@moreqmail/dns/address'
import { FORM4, FORM6, type Form, readTable, recordsOf, TCPTO, TCPTO6 } from '@moreqmail/tcpto'
import { basename, chdirHome, ENOENT, type Errno, errorText, exit, sys, Writer } from '@moreqmail/unix'

export const synopsis = 'qmail-tcpto'

const FAILED = 111

export function main(): never {
  const out = new Writer(1)

  /** Whoever asks reads descriptor 1. */
  function fatal(text: string, errno: Errno): never {
    out.puts(`fatal: unable to ${text}: ${errorText(errno)}\n`)
    out.flush()
    exit(FAILED)
  }

  function print(path: string, form: Form, optional: boolean): void {
    const table = readTable(path, form)
    if ('errno' in table) {
      if (optional && table.errno === -ENOENT) return
      fatal(`${table.unable} ${basename(path)}`, table.errno)
    }
    const now = Math.floor(sys.clock(0))
    for (const { address, count, time } of recordsOf(form, table))
      if (count > 0)
        out.puts(`${formatAddress(address)} timed out ${now - time} seconds ago; # recent timeouts: ${count}\n`)
  }

  const moved = chdirHome()
  if (moved < 0) fatal('chdir', moved)
  const place = sys.access('queue/lock/.', SEARCH)
  if (place < 0) fatal('chdir', place)
  print(TCPTO, FORM4, false)
  print(TCPTO6, FORM6, true)
  exit(out.flush() ? 0 : FAILED)
}

const SEARCH = 1
