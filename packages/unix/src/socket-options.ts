/** The options of sockets that setsockopt of the shim knows, by its own numbers. */
export const REUSE_ADDRESS = 0
export const NO_DELAY = 1
export const IPV6_ONLY = 2
export const KEEP_ALIVE = 3
/** Value: seconds to linger at close, 0: reset; negative: off. */
export const LINGER = 4
/** Value ignored: the IP options, such as a source route, are removed. */
export const NO_IP_OPTIONS = 5
