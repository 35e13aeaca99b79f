/** Decides how the demo looks: steps, commands, and lines that pass, each behind a mark. */

/** Writes one line. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Opens a step of the story. */
export function step(text: string): void {
  say(`\n== ${text}`)
}

/** Writes lines behind a mark, whole ones only: for what comes in pieces. */
export function shown(mark: string): (data: Buffer) => void {
  let rest = ''
  return (data) => {
    const lines = (rest + data.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) say(`   ${mark} ${line.replace(/\r$/, '')}`)
  }
}

/** Writes a text with a bar before each line. */
export function quote(text: string): void {
  say(text.replace(/\n$/, '').replace(/^/gm, '   | '))
}
