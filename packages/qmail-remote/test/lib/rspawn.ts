/** What qmail-rspawn makes of a run of qmail-remote for one recipient. */

/** What it hears of its child: all of descriptors 1 and 2, and how it has ended. */
export interface Run {
  readonly output: string
  readonly code: number | null
  readonly signal: string | null
}

const RANK = 'DZK'

/** A record that quotes so much may have lost its end. */
const LONG = 5000

/** K, Z or D, and the text that goes into the log and the bounce. */
export function judge({ output, code, signal }: Run): string {
  if (signal !== null) return 'Zqmail-remote crashed.\n'
  if (code === 111) return 'ZUnable to run qmail-remote.\n'
  if (code !== 0) return 'DUnable to run qmail-remote.\n'
  if (output === '') return 'Zqmail-remote produced no output.\n'
  const records = output.split('\0').slice(0, -1)
  const [first, second] = records
  if (first === undefined) return 'D'
  const result = records.find((record) => 'KZD'.includes(record.charAt(0)) && record !== '')?.charAt(0) ?? 'D'
  const letter = output.startsWith('s') ? 'Z' : output.startsWith('h') ? 'D' : result
  const more = second !== undefined && second !== '' && 'KZD'.includes(second.charAt(0))
  const worse = RANK.indexOf(result) <= RANK.indexOf(letter)
  return letter + first.slice(1) + (worse && more ? second.slice(1) : '')
}

/** What is wrong with a report, '' if nothing is. `recipients`: how many there are; `answered`: all have a record. */
export function faultOf(output: string, recipients: number): string {
  const records = output.split('\0')
  if (records.pop() !== '') return 'the last record has no NUL'
  const last = records.pop() ?? ''
  if (!/^[KZD].*\n$/s.test(last) && last.length < LONG) return `the last record is ${JSON.stringify(last)}`
  if (records.length > recipients) return 'more recipients than there are'
  if (last.startsWith('K') && (records.length < recipients || !records.includes('r'))) return 'accepted for nobody'
  const bad = records.find((record) => !/^(?:r|[hs].*\n)$/s.test(record) && record.length < LONG)
  return bad === undefined ? '' : `a recipient's record is ${JSON.stringify(bad)}`
}
