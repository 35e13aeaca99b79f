/** Decides in what ways a service that people log in to is run. */
import { rmSync } from 'node:fs'
import type { Test } from 'tap'
import type { Server } from './clients.ts'
import { certificateOf, loginHome, serverEnv } from './login.ts'
import { USER } from './mail.ts'
import { answers, BIN, freePort, Listener, processesWith, Service, type Supervisor, TOOLS, until } from './service.ts'

interface Running {
  readonly port: number
  readonly log: () => string
  readonly stop: () => Promise<void>
}

export interface Way {
  /** The programs without which it can't be. */
  readonly needs: readonly string[]
  readonly root: 'as root' | 'as anybody'
  readonly tls: Server['tls']
  readonly hosts: ReadonlyArray<Server['host']>
  readonly start: (home: string) => Promise<Running>
}

const OURS = ['qmail-authup', 'checkpassword', 'checknotroot', 'setpassword', 'qmail-queue-maildir']

/** A service directory of the repository, listening on all addresses of both families. */
export function supervised(
  supervisor: Supervisor,
  name: 'submission' | 'smtps' | 'pop3d' | 'pop3s',
  settings: Readonly<Record<string, string>> = {},
): Way {
  return {
    needs: [...TOOLS[supervisor], 'sslserver', ...OURS],
    root: 'as root',
    tls: name === 'smtps' || name === 'pop3s' ? 'first' : 'command',
    hosts: ['127.0.0.1', '::1'],
    start: async (home) => {
      const port = await freePort()
      const service = Service.start(supervisor, name, home, USER, {
        IP: ':0',
        PORT: String(port),
        PATH: `/usr/bin:/bin:${BIN}`,
        TLSUSER: USER.name,
        CERTFILE: certificateOf(home),
        QMAILQUEUE: `${BIN}/qmail-queue-maildir`,
        ...settings,
      })
      if (!(await until(() => answers(port))) || !service.ready()) throw new Error(`not up: ${service.log}`)
      return { port, log: () => service.log, stop: () => service.stop() }
    },
  }
}

/** A listener that knows nothing of TLS, Debian's, with the program that does it before the chain. */
export function byTcpserver(program: 'ucspitlsd' | 'tlsd', chain: readonly string[]): Way {
  return {
    // tcprules comes with it, and only with it.
    needs: ['tcpserver', 'tcprules', program, ...OURS],
    root: 'as anybody',
    tls: program === 'tlsd' ? 'first' : 'command',
    hosts: ['127.0.0.1'],
    start: async (home) => {
      const env = { ...serverEnv(home), PATH: `/usr/bin:/bin:${BIN}` }
      const offer = program === 'tlsd' ? {} : { UCSPITLS: '!' }
      const listener = await Listener.start(['tcpserver', '-vRHl0'], [program, ...chain], { ...env, ...offer })
      return { port: listener.port, log: () => listener.log, stop: () => listener.stop() }
    },
  }
}

/** Our own listener on 127.0.0.1, with TLS when it is asked for. */
export function bySslserver(chain: readonly string[], env: Readonly<Record<string, string>>): Way {
  return {
    needs: ['sslserver', ...OURS],
    root: 'as anybody',
    tls: 'command',
    hosts: ['127.0.0.1'],
    start: async (home) => {
      const listener = await Listener.start(['sslserver', '-ne', '-vRl0'], chain, { ...serverEnv(home), ...env })
      return { port: listener.port, log: () => listener.log, stop: () => listener.stop() }
    },
  }
}

/** Does something with a service of a qmail home of its own; nothing of it is left afterwards. */
export async function served(
  t: Test,
  way: Way,
  use: (home: string, port: number, log: () => string) => Promise<void>,
): Promise<void> {
  const home = loginHome()
  t.teardown(() => rmSync(home, { recursive: true }))
  const { port, log, stop } = await way.start(home)
  try {
    await use(home, port, log)
  } finally {
    await stop()
  }
  t.ok(await until(async () => !(await answers(port))), 'nobody listens')
  t.ok(await until(() => processesWith(home).length === 0), 'no process is left')
}
