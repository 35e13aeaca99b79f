/** Which exit code tells the caller what: they are qmail-queue's. Pure. */
import type { EnvelopeFault, Failure } from '@moreqmail/filter'
import { EAGAIN, ENOMEM } from '@moreqmail/unix/errno'

/** A temporary file can't be made, written or filled from the caller. */
export const FILE_TROUBLE = 53
/** A filter or the queue program can't be run, or a filter was killed. */
export const INTERNAL = 81

const LONG_ADDRESS = 11
const NO_MEMORY = 51
const NO_ENVELOPE = 91

/** The exit code of a filter by which the message is not queued, although all is well. */
const DROP = 99

/** What a bad envelope means to the caller. */
export const BAD_ENVELOPE: Readonly<Record<EnvelopeFault, number>> = {
  more: NO_ENVELOPE,
  letter: NO_ENVELOPE,
  long: LONG_ADDRESS,
  many: NO_MEMORY,
}

/** The exit code after a filter has failed. */
export function exitOf(failure: Failure): number {
  switch (failure.kind) {
    case 'exit':
      return failure.code === DROP ? 0 : failure.code
    case 'signal':
      return INTERNAL
    case 'unable':
      return failure.errno === -EAGAIN || failure.errno === -ENOMEM ? NO_MEMORY : INTERNAL
    case 'envelope':
      return BAD_ENVELOPE[failure.fault]
    case 'file':
      return FILE_TROUBLE
  }
}
