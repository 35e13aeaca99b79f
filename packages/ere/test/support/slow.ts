/** A slow reading of the rules, to compare with: a tree, and the set of all places where a match of a part can end. */

type Node =
  | { readonly kind: 'bytes'; readonly has: (byte: number) => boolean }
  | { readonly kind: 'place'; readonly is: (value: string, at: number) => boolean }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'count'; readonly part: Node; readonly least: number; readonly most: number }

class Bad extends Error {}

const word = (byte: number): boolean => /[A-Za-z0-9_]/.test(String.fromCharCode(byte))
const wordAt = (value: string, at: number): boolean => at >= 0 && at < value.length && word(value.charCodeAt(at))
const space = (byte: number): boolean => ' \t\n\v\f\r'.includes(String.fromCharCode(byte))

const PLACES: Record<string, (value: string, at: number) => boolean> = {
  '^': (_, at) => at === 0,
  '`': (_, at) => at === 0,
  $: (value, at) => at === value.length,
  "'": (value, at) => at === value.length,
  b: (value, at) => wordAt(value, at - 1) !== wordAt(value, at),
  B: (value, at) => wordAt(value, at - 1) === wordAt(value, at),
  '<': (value, at) => !wordAt(value, at - 1) && wordAt(value, at),
  '>': (value, at) => wordAt(value, at - 1) && !wordAt(value, at),
}

const CLASSES: Record<string, RegExp> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\0-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
}

/** Both cases of a byte. */
function cases(byte: number): number[] {
  const text = String.fromCharCode(byte)
  if (!/[A-Za-z]/.test(text)) return [byte]
  return [text.toLowerCase().charCodeAt(0), text.toUpperCase().charCodeAt(0)]
}

function reader(pattern: string): () => Node {
  let at = 0
  const more = (): boolean => at < pattern.length
  const here = (): string => pattern.charAt(at)

  function choice(depth: number): Node {
    const parts = [sequence(depth)]
    while (here() === '|') {
      at++
      parts.push(sequence(depth))
    }
    return { kind: 'choice', parts }
  }

  function sequence(depth: number): Node {
    const parts: Node[] = []
    while (more() && here() !== '|' && !(depth > 0 && here() === ')')) {
      let part = atom(depth)
      while (part.kind !== 'place' && more() && '*+?{'.includes(here())) part = counted(part)
      parts.push(part)
    }
    return { kind: 'sequence', parts }
  }

  function atom(depth: number): Node {
    const char = pattern.charAt(at++)
    if ('*+?{'.includes(char)) throw new Bad()
    if (char === '(') {
      const inner = choice(depth + 1)
      if (here() !== ')') throw new Bad()
      at++
      return { kind: 'sequence', parts: [inner] }
    }
    if (char === '^' || char === '$') return { kind: 'place', is: PLACES[char]! }
    if (char === '.') return { kind: 'bytes', has: () => true }
    if (char === '[') return bracket()
    if (char !== '\\') return literal(char)
    const escaped = pattern.charAt(at++)
    if (escaped === '' || /[1-9]/.test(escaped)) throw new Bad()
    if ('wWsS'.includes(escaped)) {
      const test = escaped.toLowerCase() === 'w' ? word : space
      return { kind: 'bytes', has: (byte) => test(byte) === /[ws]/.test(escaped) }
    }
    return "`'bB<>".includes(escaped) ? { kind: 'place', is: PLACES[escaped]! } : literal(escaped)
  }

  function literal(char: string): Node {
    const both = cases(char.charCodeAt(0))
    return { kind: 'bytes', has: (byte) => both.includes(byte) }
  }

  function counted(part: Node): Node {
    const char = pattern.charAt(at++)
    if (char === '*') return { kind: 'count', part, least: 0, most: Number.POSITIVE_INFINITY }
    if (char === '+') return { kind: 'count', part, least: 1, most: Number.POSITIVE_INFINITY }
    if (char === '?') return { kind: 'count', part, least: 0, most: 1 }
    const found = /^(?:(\d+)|(\d*),(\d*))\}/.exec(pattern.slice(at))
    if (found === null) throw new Bad()
    at += found[0].length
    const least = Number(found[1] ?? found[2])
    const most = found[1] !== undefined ? least : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3])
    if (least > most || least > 32767 || (most > 32767 && most !== Number.POSITIVE_INFINITY)) throw new Bad()
    return { kind: 'count', part, least, most }
  }

  function bracket(): Node {
    const negated = here() === '^'
    if (negated) at++
    const found = new Set<number>()
    const put = (byte: number): void => {
      for (const each of cases(byte)) found.add(each)
    }
    for (let first = true; first || here() !== ']'; first = false) {
      if (!more()) throw new Bad()
      if (!first && here() === '-' && pattern.charAt(at + 1) !== ']') throw new Bad()
      const start = element()
      if (start.kind === 'class') {
        for (let byte = 0; byte < 256; byte++) if (start.test.test(String.fromCharCode(byte))) put(byte)
        continue
      }
      if (start.kind === 'byte' && here() === '-' && pattern.charAt(at + 1) !== ']') {
        at++
        const end = element()
        if (end.kind !== 'byte' || end.byte < start.byte) throw new Bad()
        for (let byte = start.byte; byte <= end.byte; byte++) put(byte)
        continue
      }
      put(start.byte)
    }
    at++
    return { kind: 'bytes', has: (byte) => found.has(byte) !== negated }
  }

  function element(): { kind: 'byte' | 'equivalents'; byte: number } | { kind: 'class'; test: RegExp } {
    if (!more()) throw new Bad()
    const special = /^\[([.=:])(.*?)\1\]/s.exec(pattern.slice(at))
    if (special === null) {
      if (/^\[[.=:]/.test(pattern.slice(at))) throw new Bad()
      return { kind: 'byte', byte: pattern.charCodeAt(at++) }
    }
    const [whole, sign, name = ''] = special
    at += whole.length
    if (sign === ':') {
      if (!Object.hasOwn(CLASSES, name)) throw new Bad()
      return { kind: 'class', test: CLASSES[name]! }
    }
    if (name.length !== 1) throw new Bad()
    return { kind: sign === '.' ? 'byte' : 'equivalents', byte: name.charCodeAt(0) }
  }

  return () => {
    const tree = choice(0)
    if (more()) throw new Bad()
    return tree
  }
}

function ends(node: Node, value: string, starts: ReadonlySet<number>): ReadonlySet<number> {
  switch (node.kind) {
    case 'bytes':
      return new Set(
        [...starts].filter((at) => at < value.length && node.has(value.charCodeAt(at))).map((at) => at + 1),
      )
    case 'place':
      return new Set([...starts].filter((at) => node.is(value, at)))
    case 'sequence':
      return node.parts.reduce((from, part) => ends(part, value, from), starts)
    case 'choice':
      return new Set(node.parts.flatMap((part) => [...ends(part, value, starts)]))
    case 'count': {
      const all = new Set<number>(node.least === 0 ? starts : [])
      let from = starts
      // More rounds than places lead nowhere new.
      for (let round = 1; round <= Math.min(node.most, node.least + value.length + 1); round++) {
        from = ends(node.part, value, from)
        if (round >= node.least) for (const at of from) all.add(at)
      }
      return all
    }
  }
}

/** True or false: whether the pattern matches somewhere in the value; undefined: the pattern is bad. */
export function slowly(pattern: string, value: string): boolean | undefined {
  let tree: Node
  try {
    tree = reader(pattern)()
  } catch (error) {
    if (error instanceof Bad) return undefined
    throw error
  }
  return ends(tree, value, new Set(Array.from({ length: value.length + 1 }, (_, i) => i))).size > 0
}
