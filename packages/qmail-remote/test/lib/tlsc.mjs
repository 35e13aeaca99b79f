#!/usr/bin/env node
/**
 * Stands in for tlsc and s6-tlsc: does TLS on the connection at 6 and 7, and runs the program behind its options with
 * what goes through TLS at 6 and 7. Exits 97 if the handshake fails, else as the program.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { connect } from 'node:tls'

const words = process.argv.slice(2)
const at = words.indexOf('--')
const options = words.slice(0, at)
const [program, ...args] = words.slice(at + 1)
const name = options.find((option) => option.startsWith('-k'))?.slice(2)
const verify = !options.includes('--no-verify-cert')
const { CAFILE } = process.env
const ca = CAFILE && existsSync(CAFILE) ? readFileSync(CAFILE) : undefined

const socket = connect({
  socket: new Socket({ fd: 6, readable: true, writable: true }),
  rejectUnauthorized: verify,
  ...(name === undefined ? { checkServerIdentity: () => undefined } : { servername: name }),
  ...(ca === undefined ? {} : { ca }),
})
socket.on('error', (error) => {
  if (!options.includes('-q')) writeSync(2, `some noise\ntlsc: fatal: unable to handshake: ${error.code}\n`)
  process.exit(97)
})
socket.on('secureConnect', () => {
  const child = spawn(program, args, { stdio: [0, 1, 2, 'ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  child.on('error', () => process.exit(127))
  child.on('exit', (code, signal) => {
    socket.end(() => process.exit(signal ? 128 : code))
  })
  socket.removeAllListeners('error')
  socket.on('error', () => undefined)
  for (const stream of child.stdio.slice(6)) stream.on('error', () => undefined)
  socket.pipe(child.stdio[6])
  child.stdio[7].pipe(socket)
})
