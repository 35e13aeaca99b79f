/** What comes before the body of a message that was verified. Pure. */
import { type Field, type HeaderCollector, isResultsOf, resultsField, type Verdict } from '@moreqmail/dkim'

/** The results, and the header without those that others have forged: fields that claim to be of this host. */
export function outputHeader(
  id: string,
  header: HeaderCollector,
  fields: readonly Field[],
  verdicts: readonly Verdict[],
): string {
  const results = resultsField(id, verdicts)
  // A message that begins as if it continued a field must not continue ours.
  if (header.length === 0 && /^[ \t]/.test(String.fromCharCode(header.body[0] ?? 0))) return `${results}\n`
  const forged = fields.filter((field) => isResultsOf(field, id))
  return results + without(header.header, forged)
}

function without(header: string, fields: readonly Field[]): string {
  let kept = ''
  let at = 0
  for (const { from, to } of fields) {
    kept += header.slice(at, from)
    at = to
  }
  return kept + header.slice(at)
}
