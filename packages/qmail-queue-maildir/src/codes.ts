/** The exit codes of the qmail-queue interface that this program uses. Pure. */
export const LONG_ADDRESS = 11
export const REFUSED = 31
export const NO_MEMORY = 51
export const TIMEOUT = 52
export const WRITE = 53
export const READ = 54
export const CONFIGURATION = 55
export const HOME = 61
export const MAILDIR = 62
export const REFUSED_WITH_TEXT = 82
export const BAD_ENVELOPE = 91
