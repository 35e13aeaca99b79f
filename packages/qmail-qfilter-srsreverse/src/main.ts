/** qmail-qfilter-srsreverse: sends bounces of forwarded messages back to where these came from. */
import { encodeEnvelope, FILTER_EXIT, giveEnvelope, givenEnvelope, type Refuse, refusal } from '@moreqmail/filter'
import { srsSettings } from '@moreqmail/srs'
import { chdirHome, controlLine, controlList, controlNumber, exit, sys } from '@moreqmail/unix'
import { hasSrs, reverseEnvelope } from './reversal.ts'

export const synopsis = 'qmail-qfilter-srsreverse'

export function main(): never {
  const refuse: Refuse = refusal()
  const envelope = givenEnvelope()
  if (chdirHome() < 0) misconfigured()
  const domain = controlLine('srs_domain', misconfigured)
  if (!domain || envelope === 'none') exit(FILTER_EXIT.done)
  if (typeof envelope === 'number') exit(FILTER_EXIT.readError)
  if (typeof envelope === 'string') exit(FILTER_EXIT.badEnvelope)
  if (!hasSrs(envelope, domain)) exit(FILTER_EXIT.done)
  const settings = srsSettings(domain, {
    line: (name) => controlLine(name, misconfigured),
    list: (name) => controlList(name, misconfigured)?.entries(),
  })
  if (settings.secrets.length === 0) misconfigured()
  const anySender = controlNumber('srs_anysender', 0, misconfigured) !== 0
  const reversed = reverseEnvelope(envelope, settings, anySender, sys.clock(0))
  if ('code' in reversed) refuse(reversed.text, reversed.code)
  const changed = encodeEnvelope(reversed) !== encodeEnvelope(envelope)
  if (changed && giveEnvelope(reversed) < 0) exit(FILTER_EXIT.writeError)
  exit(FILTER_EXIT.done)
}

function misconfigured(): never {
  exit(FILTER_EXIT.configuration)
}
