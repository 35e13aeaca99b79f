/** Decides what the names in braces stand for in one run of a case. */

export interface Places {
  /** The qmail home of this run. */
  readonly home: string
  /** The directory with keys and certificates. */
  readonly tls: string
  /** The text with its names in braces replaced; anything but a string as it is. */
  fill<T>(value: T): T
}

export interface Names {
  readonly home: string
  readonly bin: string
  readonly tls: string
  readonly uid: number
  readonly gid: number
  readonly ppid: number
  /** address:port of the name server, if the case has one. */
  readonly dns: string | undefined
  /** Ports by name; `self` is the program's own. */
  readonly ports: ReadonlyMap<string, number>
}

export function placesOf(names: Names): Places {
  const simple: Readonly<Record<string, string | undefined>> = {
    '{HOME}': names.home,
    '{BIN}': names.bin,
    '{TLS}': names.tls,
    '{DNS}': names.dns,
    '{PPID}': String(names.ppid),
    '{UID}': String(names.uid),
    '{GID}': String(names.gid),
  }
  const replace = (name: string, port: string | undefined): string => {
    if (port === undefined) return simple[name] ?? name
    const number = names.ports.get(port)
    if (number === undefined) throw new Error(`no server is called ${port}`)
    return String(number)
  }
  const fill = <T>(value: T): T => {
    if (typeof value !== 'string') return value
    return value.replace(/\{(?:HOME|BIN|TLS|DNS|PPID|UID|GID|PORT:(\w+))\}/g, replace) as T
  }
  return { home: names.home, tls: names.tls, fill }
}
