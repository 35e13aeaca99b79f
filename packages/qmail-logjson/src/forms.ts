/** The forms of the lines that are understood: what each is about, and which part of it goes into which field. Pure. */

/** How much a line matters, in pino's words. */
export type Level = 'info' | 'warn' | 'error' | 'fatal'

export interface Form {
  /** What has happened. */
  readonly event: string
  /** Default `info`. */
  readonly level?: Level
  /** Its named groups are fields. */
  readonly pattern: RegExp
}

/** The lines of one program. */
export interface Family {
  readonly program: string
  /** By the first word of the line. */
  readonly forms: Readonly<Record<string, readonly Form[]>>
}

/** The groups whose text is a number; without digits there is no field. */
export const NUMBERS: ReadonlySet<string> = new Set([
  ...['pid', 'child', 'parent', 'remaining', 'run', 'runs', 'exit', 'count', 'limit', 'status', 'code'],
  ...['localPort', 'remotePort', 'port', 'message', 'delivery', 'bytes', 'qp', 'uid'],
  ...['localCount', 'localLimit', 'remoteCount', 'remoteLimit', 'left'],
])

export const FAMILIES: readonly Family[] = [
  {
    program: 'qmail-send',
    forms: {
      new: [{ event: 'new', pattern: /^new msg (?<message>\d+)$/ }],
      info: [
        {
          event: 'info',
          pattern:
            /^info msg (?<message>\d+): bytes (?<bytes>\d+) from <(?<sender>.*)> qp (?<qp>\d+) uid (?<uid>\d+)(?: (?<rest>.*))?$/,
        },
      ],
      starting: [
        {
          event: 'start',
          pattern:
            /^starting delivery (?<delivery>\d+): msg (?<message>\d+) to (?<channel>local|remote) (?<recipient>.*)$/,
        },
      ],
      delivery: [
        { event: 'success', pattern: /^delivery (?<delivery>\d+): success: (?<report>.*)$/ },
        { event: 'failure', level: 'warn', pattern: /^delivery (?<delivery>\d+): failure: (?<report>.*)$/ },
        { event: 'deferral', level: 'warn', pattern: /^delivery (?<delivery>\d+): deferral: (?<report>.*)$/ },
        { event: 'deferral', level: 'error', pattern: /^delivery (?<delivery>\d+): (?<report>report mangled,.*)$/ },
      ],
      bounce: [{ event: 'bounce', pattern: /^bounce msg (?<message>\d+) qp (?<qp>\d+)$/ }],
      double: [{ event: 'discard', level: 'warn', pattern: /^double bounce: discarding (?<file>\S+)$/ }],
      triple: [{ event: 'discard', level: 'warn', pattern: /^triple bounce: discarding (?<file>\S+)$/ }],
      end: [{ event: 'end', pattern: /^end msg (?<message>\d+)$/ }],
      'status:': [
        {
          event: 'status',
          pattern:
            /^status: local (?<localCount>\d+)\/(?<localLimit>\d+) remote (?<remoteCount>\d+)\/(?<remoteLimit>\d+)(?: (?<rest>.*))?$/,
        },
        { event: 'exit', pattern: /^status: exiting$/ },
      ],
      number: [{ event: 'wait', pattern: /^number of deliveries left before exiting: (?<left>\d+)$/ }],
      'warning:': [{ event: 'warning', level: 'warn', pattern: /^warning: (?<text>.*)$/ }],
      'alert:': [{ event: 'alert', level: 'error', pattern: /^alert: (?<text>.*)$/ }],
    },
  },
  {
    program: 'qmail-authup',
    forms: {
      authup: [
        { event: 'protocol', pattern: /^authup (?<pid>\d+) protocol (?<protocol>\S+)$/ },
        { event: 'tls', pattern: /^authup (?<pid>\d+) negotiated TLS$/ },
        {
          event: 'attempt',
          pattern: /^authup (?<pid>\d+) checkpassword (?<child>\d+) attempt for (?<user>\S*)(?: from (?<ip>\S+))?$/,
        },
        {
          event: 'failed',
          level: 'warn',
          pattern: /^authup (?<pid>\d+) checkpassword (?<child>\d+) failed, (?<remaining>\d+) remaining$/,
        },
        {
          event: 'succeeded',
          pattern: /^authup (?<pid>\d+) checkpassword (?<child>\d+) succeeded, child completed$/,
        },
      ],
      'authup:': [
        { event: 'fatal', level: 'fatal', pattern: /^authup: fatal: (?<text>.*)$/ },
        { event: 'usage', level: 'fatal', pattern: /^authup: usage: (?<text>.*)$/ },
      ],
    },
  },
  {
    program: 'qmail-reup',
    forms: {
      reup: [
        {
          event: 'run',
          pattern: /^reup (?<pid>\d+) (?<prog>.*) (?<child>\d+) \((?<run>\d+)\/(?<runs>\d+)\): exit (?<exit>\d+)$/,
        },
        {
          event: 'crash',
          level: 'error',
          pattern: /^reup (?<pid>\d+) (?<prog>.*) (?<child>\d+) \((?<run>\d+)\/(?<runs>\d+)\): crashed$/,
        },
      ],
      'reup:': [
        { event: 'usage', level: 'fatal', pattern: /^reup: usage: (?<text>.*)$/ },
        { event: 'fatal', level: 'fatal', pattern: /^reup: (?<text>unable to .*)$/ },
      ],
    },
  },
  {
    program: 'checknotroot',
    forms: {
      'checknotroot:': [
        { event: 'root', level: 'error', pattern: /^checknotroot: WAS RUNNING AS ROOT, TERMINATING$/ },
        { event: 'fatal', level: 'fatal', pattern: /^checknotroot: (?<text>unable to .*)$/ },
      ],
    },
  },
  {
    program: 'qmail-pop3d',
    forms: {
      'qmail-pop3d': [{ event: 'root', level: 'error', pattern: /^qmail-pop3d invoked as uid 0, terminating$/ }],
    },
  },
  {
    program: 'qmail-rcptcheck',
    forms: {
      'qmail-rcptcheck:': [{ event: 'check', pattern: /^qmail-rcptcheck: from (?<sender>.*) to (?<recipient>.*)$/ }],
      'rcptcheck:': [
        {
          event: 'bad pattern',
          level: 'warn',
          pattern: /^rcptcheck: (?<check>qregex) bad pattern in (?<file>\S+): (?<regex>.*)$/,
        },
        {
          event: 'refused',
          pattern:
            /^rcptcheck: (?<check>qregex) (?<parent>\d+) (?<ip>\S*) (?<value>.*) \((?<kind>bad[a-z]+)(?: pattern: (?<regex>.*))?\)$/,
        },
        {
          event: 'refused',
          pattern: /^rcptcheck: (?<check>badrcptto|realrcptto) (?<parent>\d+) (?<ip>\S*) (?<recipient>.*)$/,
        },
      ],
      unable: [{ event: 'warning', level: 'warn', pattern: /^(?<text>unable to stat .*)$/ }],
    },
  },
  {
    program: 'qmail-qfilter-viruscan',
    forms: {
      'qfilter:': [
        {
          event: 'refused',
          level: 'warn',
          pattern: /^qfilter: viruscan (?<parent>\d+) (?<ip>\S+) (?<signature>.*)$/,
        },
      ],
    },
  },
  {
    program: 'rblsmtpd',
    forms: {
      'rblsmtpd:': [
        { event: 'refused', pattern: /^rblsmtpd: (?<ip>\S+) pid (?<pid>\d+): (?<code>\d{3}) (?<text>.*)$/ },
      ],
    },
  },
]

/** What follows `qmail-spp-spf:IP:`; its first word is never the same. */
export const SPF: readonly Form[] = [
  {
    event: 'spf',
    pattern:
      /^Received-SPF: (?<result>[a-z]+) \((?<comment>[^()]*(?:\(guessed\))?)\) client-ip=\S+ envelope-from=(?<sender>"(?:[^"\\]|\\.)*"|[^;"]*); helo=(?<helo>.*);$/,
  },
  {
    event: 'mx',
    pattern:
      /^Fallback MX check "(?<record>[^"]*)" \(helo='(?<helo>.*)', mailfrom='(?<sender>.*)'\): (?<result>[a-z]+)$/,
  },
  { event: 'error', level: 'warn', pattern: /^(?<text>(?:can't read|invalid address).*)$/ },
]

/** What follows `NAME: `, whatever the name. First word as above. */
export const ANYONE: Readonly<Record<string, readonly Form[]>> = {
  'status:': [{ event: 'status', pattern: /^status: (?<count>\d+)\/(?<limit>\d+)$/ }],
  pid: [{ event: 'pid', pattern: /^pid (?<pid>\d+) from (?<ip>\S+)$/ }],
  ok: [{ event: 'ok', pattern: verdict('ok') }],
  deny: [{ event: 'deny', level: 'warn', pattern: verdict('deny') }],
  tls: [
    { event: 'tls', pattern: /^tls (?<pid>\d+) accept(?: (?<protocol>\S+) (?<cipher>\S+))?$/ },
    { event: 'tls', pattern: /^tls connect$/ },
  ],
  end: [{ event: 'end', pattern: /^end (?<pid>\d+) status (?<status>\d+)$/ }],
  connected: [{ event: 'connected', pattern: /^connected to (?<ip>\S+) port (?<port>\d+)$/ }],
  unable: [
    {
      event: 'unreachable',
      level: 'warn',
      pattern: /^unable to connect to (?<ip>\S+) port (?<port>\d+): (?<text>.*)$/,
    },
  ],
  'info:': [
    { event: 'tls', pattern: /^info: pid (?<pid>\d+) (?<decision>accepted|declined) opportunistic TLS$/ },
    { event: 'info', pattern: /^info: (?<text>.*)$/ },
  ],
  'warning:': [
    {
      event: 'limit',
      level: 'warn',
      pattern: /^warning: ip connection limit of (?<limit>\d+) exceeded for: (?<ip>\S+)$/,
    },
    {
      event: 'dropped',
      level: 'warn',
      pattern: /^warning: dropping connection, unable to accept TLS from: (?<ip>\S+) for pid: (?<pid>\d+) (?<text>.*)$/,
    },
    { event: 'dropped', level: 'warn', pattern: /^warning: dropping connection, (?<text>.*)$/ },
    { event: 'warning', level: 'warn', pattern: /^warning: (?<text>.*)$/ },
  ],
  'fatal:': [{ event: 'fatal', level: 'fatal', pattern: /^fatal: (?<text>.*)$/ }],
  'usage:': [{ event: 'usage', level: 'fatal', pattern: /^usage: (?<text>.*)$/ }],
  illegal: [{ event: 'usage', level: 'fatal', pattern: /^(?<text>illegal option -- .*)$/ }],
  option: [{ event: 'usage', level: 'fatal', pattern: /^(?<text>option requires an argument -- .*)$/ }],
}

/** Names hold no colon, addresses may: both ends of the connection are cut from outside. */
function verdict(word: string): RegExp {
  const port = (side: string): string => `(?<${side}Port>\\d*)`
  const local = `(?<localHost>[^: ]*):(?<localIp>[^ ]*):${port('local')}`
  const remote = `(?<remoteHost>[^: ]*):(?<ip>[^ ]*):(?<info>[^: ]*):${port('remote')}`
  return new RegExp(`^${word} (?<pid>\\d+) ${local} ${remote}$`)
}
