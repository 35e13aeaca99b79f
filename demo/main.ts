/** The main job on loopback, every hop shown: a message from host to host to host, and its bounce back. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, serve } from './network.ts'
import { endAll } from './processes.ts'
import { say, step } from './screen.ts'
import { stay, story } from './story.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'moreqmail-demo-')))
const toStay = process.argv[2] === 'stay'

async function main(): Promise<void> {
  step('Prepare three hosts')
  const hosts = await prepare(root)
  try {
    step('Serve: each connection is a fork of its listener, and TLS a process of its own beside the session')
    const network = await serve(hosts)
    await story(network)
    if (toStay) await stay(network)
  } finally {
    hosts.nameServer.close()
  }
}

/** Leaves nothing behind. */
async function finish(): Promise<void> {
  await endAll()
  rmSync(root, { recursive: true, force: true })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, async () => {
    await finish()
    process.exit(toStay ? 0 : 1)
  })
}

main()
  .then(finish)
  .then(() => step('Done: the listeners have ended, the directory is gone.'))
  .catch(async (error: unknown) => {
    await finish()
    say(`\ndemo: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  })
