/** What the filters add: SPF, SRS, and DKIM both ways. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { sys } from '../packages/unix/src/index.ts'
import { begin, type Command, end, interleave, listening, ratio, row, time } from './measure.ts'
import { BIN, env, home, put, text } from './scratch.ts'

const TRUE: Command = { argv: ['/bin/true'] }
const SIGTERM = 15
const MIB = 1 << 20
const SENDER = ['QMAILUSER=a', 'QMAILHOST=signed.example']

/** A name server for a zone: the variable that leads to it, and how to end it. */
function names(zone: object): { readonly variable: string; readonly stop: () => void } {
  const { pid, port } = listening({ argv: [process.execPath, resolve('build/bench/names.mjs'), JSON.stringify(zone)] })
  const stop = () => {
    sys.kill(pid, SIGTERM)
    sys.waitpid(pid, 0, new Int32Array(1))
  }
  return { variable: `DNSCACHEIP=127.0.0.1:${port}`, stop }
}

/** A message of this size, and the same with our signature. */
function messages(size: number): { plain: string; signed: string } {
  const header = 'From: a@signed.example\nTo: b@test.example\nSubject: bench\nDate: 20 Nov 2026 10:00:00 -0000\n\n'
  const plain = put(`plain.${size}`, Buffer.concat([Buffer.from(header), text(size, '\n')]))
  const signed = put(`signed.${size}`, '')
  end(begin({ ...sign(plain), files: { 0: plain, 1: signed } }))
  if (!readFileSync(signed, 'latin1').startsWith('DKIM-Signature: ')) throw new Error('it was not signed')
  return { plain, signed }
}

function sign(file: string): Command {
  return { argv: [join(BIN, 'qmail-rfilter-dkimsign')], env: [...env, ...SENDER], files: { 0: file } }
}

/** The record of a key made just now, as a zone. */
function zoneOfKey(): object {
  const record = put('record', '')
  end(begin({ argv: [join(BIN, 'moreqmail-dkimkey'), 'signed.example'], env, files: { 1: record } }))
  const line = readFileSync(record, 'latin1')
  const strings = [...line.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '')
  return { [(/^\S+/.exec(line)?.[0] ?? '').replace(/\.$/, '')]: { TXT: [strings] } }
}

function dkim(): void {
  const { variable, stop } = names(zoneOfKey())
  const verify = (file: string): Command => ({
    argv: [join(BIN, 'qmail-qfilter-dkimverify')],
    env: [...env, variable],
    files: { 0: file },
  })
  const small = messages(10_000)
  const result = put('result', '')
  end(begin({ ...verify(small.signed), files: { 0: small.signed, 1: result } }))
  if (!readFileSync(result, 'latin1').includes('dkim=pass')) throw new Error('it was not good')
  // Without anything to do for them the programs only start.
  const [base = 0, idle = 0, signing = 0, verifying = 0] = interleave(
    25,
    () => time(TRUE),
    () => time({ argv: [join(BIN, 'qmail-rfilter-dkimsign')], env: [...env, 'NODKIM='] }),
    () => time(sign(small.plain)),
    () => time(verify(small.signed)),
  )
  const over = (ms: number) => `+${(ms - idle).toFixed(1)} ms (start: ${ratio(idle, base)})`
  row('DKIM, signing 10 KB', over(signing), '+4 ms')
  row('DKIM, verifying 10 KB, with a query', over(verifying), '+4 ms')

  const size = 10 * MIB
  const big = messages(size)
  const [much = 0, checked = 0] = interleave(
    7,
    () => time(sign(big.plain)),
    () => time(verify(big.signed)),
  )
  const speed = (ms: number) => `${(size / 1e3 / ms).toFixed(0)} MB/s`
  row('DKIM, signing 10 MiB', speed(much - signing), '150 MB/s')
  row('DKIM, verifying 10 MiB', speed(checked - verifying), '150 MB/s')
  stop()
}

function spf(): void {
  const { variable, stop } = names({
    'one.example': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
    'six.example': {
      TXT: ['v=spf1 a mx include:one.example exists:%{i}.six.example -all'],
      MX: [[1, 'mx.six.example']],
    },
  })
  const check = (domain: string): Command => ({
    argv: [join(BIN, 'qmail-spp-spf')],
    env: [...env, variable, 'TCPREMOTEIP=192.0.2.9', 'SMTPHELOHOST=x.example', `SMTPMAILFROM=a@${domain}`],
  })
  const [base = 0, idle = 0, one = 0, six = 0] = interleave(
    25,
    () => time(TRUE),
    () => time({ ...check('one.example'), env: [...env, 'RELAYCLIENT='] }),
    () => time(check('one.example')),
    () => time(check('six.example')),
  )
  row('SPF, one query, and six', `${ratio(one, base)}, +${(six - idle).toFixed(1)} ms over start`, '')
  stop()
}

function srs(): void {
  put('control/srs_domain', 'srs.test.example\n')
  put('control/srs_secrets', 'secret\n')
  put('control/rcpthosts', 'test.example\n')
  put('control/remotefilters', 'qmail-rfilter-srsforward\n')
  const file = put('forward', text(1000, '\n'))
  sys.symlink(BIN, join(home, 'bin'))
  const remote: Command = {
    argv: [join(BIN, 'qmail-rfilter-remote'), 'far.example', 'a@far.example', 'b@far.example'],
    env: [...env, `PATH=${BIN}:/bin`, 'QRF_QMAILREMOTE=/bin/true'],
    files: { 0: file },
  }
  const [base = 0, forward = 0] = interleave(
    25,
    () => time(TRUE),
    () => time(remote),
  )
  row('qmail-rfilter-remote, SRS, before qmail-remote', ratio(forward, base), '')
}

export function filters(): void {
  spf()
  srs()
  dkim()
}
