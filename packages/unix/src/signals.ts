/** Signals by number. */
const linux = process.platform === 'linux'
export const SIGHUP = 1
export const SIGINT = 2
export const SIGQUIT = 3
export const SIGKILL = 9
export const SIGALRM = 14
export const SIGTERM = 15
export const SIGCHLD = linux ? 17 : 20
export const SIGCONT = linux ? 18 : 19
