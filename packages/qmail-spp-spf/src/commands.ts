/** What is done about a result: the commands that are configured for it, or what a behaviour level says. Pure. */
import type { Result } from '@moreqmail/spf'

/** Stands for the explanation. */
const MESSAGE = 'spf_smtp_msg'

/** The behaviour level from which on a result is refused. */
const REFUSED_FROM: Readonly<Partial<Record<Result, number>>> = {
  temperror: 2,
  fail: 3,
  softfail: 4,
  neutral: 5,
  none: 6,
  permerror: 6,
}

/** The commands that a variable's value lists, each with its line feed. Without an explanation its place is left as it is. */
export function configured(value: string | undefined, explanation: () => string = () => MESSAGE): string {
  if (value === undefined || value === '') return ''
  const texts = value.split(MESSAGE).map((text) => text.replaceAll(',', '\n'))
  const commands = texts.length > 1 ? texts.join(explanation()) : texts.join('')
  return commands.endsWith('\n') ? commands : `${commands}\n`
}

/** The command by which a behaviour level refuses a result; '' if it does not. */
export function refusal(level: number, result: Result, explanation: () => string): string {
  const least = REFUSED_FROM[result]
  if (least === undefined || level < least) return ''
  return result === 'temperror' ? 'E451 SPF lookup failure (#4.4.3)\n' : `E550 ${explanation()} (#5.7.23)\n`
}

/** True if there is no answer of the domain: the MX check, or what was meant for "no result", may stand in for one. */
export function saysNothing(result: Result): boolean {
  return result === 'none' || result === 'permerror' || result === 'temperror'
}
