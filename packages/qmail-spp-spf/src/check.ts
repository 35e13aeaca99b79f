/** What qmail-smtpd is told of a client, and what the log says. */
import { formatAddress } from '@moreqmail/dns'
import { type Client, explainTo, printable, receivedSpf } from '@moreqmail/spf'
import { complain, env, note, sys } from '@moreqmail/unix'
import { configured, refusal, saysNothing } from './commands.ts'
import { defaultExplanation, judge, MX_RECORD, mxResult, parsePolicy, passesAnyone, unicast } from './judge.ts'

/** The plugin's commands. `control` finds the first line of a control file. */
export function check(client: Client, level: number, control: (name: string) => string | undefined): string {
  const [policy, bad] = parsePolicy(control('spfrules'), control('spfguess'))
  for (const name of bad) complain(`bad control/${name}`)
  const { result, guessed, explanation, badRules } = judge(client, policy)
  if (badRules) complain('bad control/spfrules')
  const field = receivedSpf(client, result, guessed ? ' (guessed)' : '')
  log(formatAddress(client.ip), field)
  if (result === 'pass' && env('SPP_SPF_DONT_ALLOW_RANDOM_IP_PASS') !== undefined) {
    const others = [randomAddress(client), randomAddress(client)]
    if (passesAnyone(client, policy, others)) return fallBackToMx(client)
  }
  const explain = (): string => {
    if (result === 'pass') return ''
    return printable(explanation() ?? explainTo(client, defaultExplanation(control('spfexp'))))
  }
  const own = env(`SPP_SPF_RESULT_${result.toUpperCase()}`)
  const action = own === undefined ? refusal(level, result, explain) : configured(own, explain)
  const commands = `SSPP_SPF_RESULT=${result}\nH${field}\n${action}`
  if (!saysNothing(result)) return commands
  const instead = fallBackToMx(client)
  const otherwise = own === undefined ? configured(env('SPP_SPF_NO_RESULT')) : ''
  return commands + (instead === '' ? otherwise : instead)
}

/** The commands for the result of the MX check, if there are any for it at all. */
function fallBackToMx(client: Client): string {
  const pass = env('SPP_SPF_MX_RESULT_PASS')
  const fail = env('SPP_SPF_MX_RESULT_FAIL')
  const unknown = env('SPP_SPF_MX_RESULT_UNKNOWN')
  if ((pass ?? fail ?? unknown) === undefined) return ''
  const result = mxResult(client)
  const names = `helo='${printable(client.helo)}', mailfrom='${printable(client.sender)}'`
  log(formatAddress(client.ip), `Fallback MX check "v=spf1 ${MX_RECORD}" (${names}): ${result}`)
  return configured(result === 'pass' ? pass : result === 'fail' ? fail : unknown)
}

function randomAddress({ ip }: Client): Uint8Array {
  const bytes = new Uint8Array(ip.length)
  sys.random(bytes, 0, bytes.length)
  return unicast(bytes)
}

/** A line in the log, about this address. */
export function log(address: string, text: string): void {
  note(`qmail-spp-spf:${printable(address)}: ${text}`)
}
