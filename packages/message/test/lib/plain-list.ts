/** Address lists read by the letter of their description: token by token, slow and plain. */

export interface Entry {
  /** Undefined: the note stands alone. */
  readonly address: string | undefined
  readonly note: string
}

type Token = { readonly kind: 'word' | 'comment' | 'special'; readonly text: string }

const SPECIALS = '<>,;:@. \t'

function tokens(text: string): Token[] {
  const out: Token[] = []
  for (let at = 0; at < text.length; ) {
    const first = text.charAt(at)
    if (SPECIALS.includes(first)) {
      out.push({ kind: 'special', text: first })
      at++
      continue
    }
    const kind = first === '(' ? 'comment' : 'word'
    let inner = ''
    let level = 1
    const close = first === '"' ? '"' : first === '[' ? ']' : first === '(' ? ')' : undefined
    if (close !== undefined) at++
    for (; at < text.length; at++) {
      const c = text.charAt(at)
      if (c === '\\' && at + 1 < text.length) {
        inner += text.charAt(++at)
        continue
      }
      if (close === undefined && (SPECIALS.includes(c) || '"[('.includes(c))) break
      if (c === close && --level === 0) break
      if (c === '(' && close === ')') level++
      inner += c
    }
    if (close !== undefined) at++
    out.push({ kind, text: first === '[' ? `[${inner}]` : inner })
  }
  return out
}

/** The entries of one field, in order. */
export function plainEntries(text: string): Entry[] {
  const entries: Entry[] = []
  let address = ''
  let have: 'none' | 'no at' | 'at' = 'none'
  let note = ''
  let wordOk = true
  let phrase = false
  const squeezed = () => {
    const result = note.replace(/ +/g, ' ').replace(/^ /, '').replace(/ $/, '')
    note = ''
    return result
  }
  const emit = () => {
    if (have === 'none') return
    entries.unshift({ address: have === 'no at' ? `${address}@` : address, note: squeezed() })
    address = ''
    have = 'none'
  }
  const emitNote = () => {
    const lone = squeezed()
    if (lone !== '') entries.unshift({ address: undefined, note: lone })
  }
  const toNote = ({ kind, text }: Token) => {
    if (kind !== 'special' || !',;:<>'.includes(text)) note = text + note
  }
  const toAddress = (token: Token) => {
    if (token.kind === 'comment' || (token.kind === 'special' && !'.@'.includes(token.text))) return toNote(token)
    address = token.text + address
    if (token.kind === 'special' && token.text === '@') have = 'at'
    else if (have === 'none') have = 'no at'
  }
  const left = tokens(text)
  for (let token = left.pop(); token !== undefined; token = left.pop()) {
    const special = token.kind === 'special' ? token.text : ''
    if (phrase) {
      if (special === '' || !',;:>'.includes(special)) {
        toNote(token)
        continue
      }
      emit()
      phrase = false
      wordOk = true
    }
    if (special === ' ' || special === '\t') note = ` ${note}`
    else if (special === ',' || special === ';') {
      emit()
      emitNote()
      wordOk = true
    } else if (token.kind === 'comment') note = ` ${token.text} ${note}`
    else if (token.kind === 'word') {
      if (!wordOk) emit()
      toAddress(token)
      wordOk = false
    } else if (special === '.' || special === '@' || special === '<') {
      toAddress(token)
      wordOk = true
    } else {
      if (special === '>') {
        emit()
        have = 'no at'
        let inner = left.pop()
        for (; inner !== undefined; inner = left.pop()) {
          toAddress(inner)
          if (inner.kind === 'special' && '<:'.includes(inner.text)) break
        }
        if (inner?.text === ':')
          for (inner = left.pop(); inner !== undefined; inner = left.pop()) {
            toNote(inner)
            if (inner.kind === 'special' && inner.text === '<') break
          }
      }
      phrase = true
    }
  }
  emit()
  emitNote()
  return entries
}

/** The entries of a list: a note alone belongs to the address right behind it, unless that has one. */
export function joined(entries: readonly Entry[]): Entry[] {
  const out: Entry[] = []
  for (const entry of entries) {
    const before = out.at(-1)
    const takes =
      before !== undefined && before.address === undefined && entry.address !== undefined && entry.note === ''
    if (takes) out[out.length - 1] = { address: entry.address, note: before.note }
    else out.push(entry)
  }
  return out
}
