/** The name server of the benchmarks: its zone is the argument, its port is what it prints. */
import type { Zone } from '../test/lib/case.ts'
import { NameServer } from '../test/lib/name-server.ts'

const server = await NameServer.start(JSON.parse(process.argv[2] ?? '{}') as Zone)
process.stdout.write(`${server.port}\n`)
