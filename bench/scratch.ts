/** A qmail home and messages to measure with. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const BIN = resolve('dist/bin')
export const PROBE = resolve('build/probe/probe')
export const home = mkdtempSync(join(tmpdir(), 'bench-'))

process.on('exit', () => rmSync(home, { recursive: true, force: true }))

/** Writes a file below the home: its path. */
export function put(path: string, text: string | Uint8Array, mode = 0o644): string {
  const file = join(home, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text, { mode })
  return file
}

/** So many bytes of text in lines of 71 with the given line end. */
export function text(size: number, lineEnd: string): Buffer {
  const line = `${'The quick brown fox jumps over the lazy dog. '.repeat(2).slice(0, 71 - lineEnd.length)}${lineEnd}`
  const body = Buffer.alloc(Math.floor(size / line.length) * line.length)
  body.fill(Buffer.from(line, 'latin1'))
  return body
}

/** A whole SMTP session that sends one message with this body. */
export function session(body: Uint8Array): Buffer {
  const start = 'EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@test.example>\r\nDATA\r\n'
  return Buffer.concat([Buffer.from(`${start}Subject: bench\r\n\r\n`), body, Buffer.from('.\r\nQUIT\r\n')])
}

put('control/me', 'test.example\n')
export const swallow = put('swallow', '#!/bin/sh\ncat >/dev/null\nexec cat <&1 >/dev/null\n', 0o755)
export const env = [`QMAILHOME=${home}`, 'PATH=/usr/bin:/bin', `QMAILQUEUE=${swallow}`]
