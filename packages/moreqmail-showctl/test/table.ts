import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CONTROLS, OTHERS } from '../src/controls.ts'

const PACKAGES = 'packages'
/** Directories of the home that are not control/. */
const ELSEWHERE = /^(users|queue|run)\//

const known = new Map([...OTHERS, ...CONTROLS].map((control) => [control.name, control]))

/** True if the name in the table, or the directory of such names, is meant by an item of a manual. */
function isMeant(name: string, item: string): boolean {
  const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`)
  return pattern.test(item) || name.startsWith(`${item.replace(/\/$/, '')}/`)
}
const programs = readdirSync(PACKAGES).filter((name) => existsSync(join(PACKAGES, name, `${name}.8`)))

/** The CONTROL FILES section of a manual, '' if it has none. */
function section(program: string): string {
  const manual = readFileSync(join(PACKAGES, program, `${program}.8`), 'latin1')
  return /^\.Sh CONTROL FILES\n([\s\S]*?)^\.Sh /m.exec(manual)?.[1] ?? ''
}

/** The files that have an item of their own in a section. */
function items(text: string): string[] {
  return [...text.matchAll(/^\.It Pa (.*)$/gm)].flatMap(([, names = '']) =>
    names
      .split(/ , /)
      .map((name) => name.replace(/ Ns Ar \w+( Ns Pa )?/g, '*').replace(/^control\//, ''))
      .filter((name) => !ELSEWHERE.test(name)),
  )
}

t.test('every file of a manual is in the table', async (t) => {
  for (const program of programs)
    for (const name of items(section(program)))
      t.ok(
        CONTROLS.some((control) => isMeant(control.name, name) && control.programs.includes(program)),
        `${program} reads control/${name}`,
      )
})

t.test('every program of the table has the file in its manual', async (t) => {
  for (const { name, programs: readers } of CONTROLS)
    for (const program of readers.filter((reader) => programs.includes(reader))) {
      const text = section(program)
      const found =
        items(text).some((item) => isMeant(name, item)) ||
        new RegExp(`(^| |/)${name.replace('.', '\\.')}($| )`, 'm').test(text)
      t.ok(found, `control/${name} in ${program}(8)`)
    }
})

t.test('programs of the table exist', async (t) => {
  for (const program of new Set(CONTROLS.flatMap(({ programs }) => programs)))
    t.ok(existsSync(join(PACKAGES, program)), program)
})

/** Names of control files in the source of a package; `*` stands for what is only known when it runs. */
function namesRead(source: string): Set<string> {
  const calls = /\b(?:control(?:Line|Number|List)?|line|list|number|seconds|setting|entries)\(\s*['`]([^'`\n]+)['`]/g
  const paths = /['`]control\/([^'`\n]+)['`]/g
  const reads = /\bcontrol(Line|Number|List)\b/.test(source) ? [...source.matchAll(calls)] : []
  const names = [...reads, ...source.matchAll(paths)].map(([, name = '']) => name)
  return new Set(names.map((name) => name.replace(/\$\{[^}]*\}/g, '*')))
}

function sources(directory: string): string {
  if (!existsSync(directory)) return ''
  const entries = readdirSync(directory, { withFileTypes: true })
  return entries
    .map((entry) => {
      const path = join(directory, entry.name)
      return entry.isDirectory() ? sources(path) : path.endsWith('.ts') ? readFileSync(path, 'utf8') : ''
    })
    .join('\n')
}

t.test('every file that the sources name is in the table', async (t) => {
  let found = 0
  for (const name of readdirSync(PACKAGES).filter((name) => name !== 'unix' && name !== 'moreqmail-showctl'))
    for (const read of namesRead(sources(join(PACKAGES, name, 'src')))) {
      // Whole words that may be the name of a file, and not a name that is wholly made when it runs.
      if (!/^[a-z0-9_*][a-z0-9_.*/-]*$/.test(read) || read === '*') continue
      const pattern = new RegExp(`^${read.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
      const controls = [...known.values()].filter((control) => pattern.test(control.name))
      t.ok(controls.length > 0, `${name}: ${read}`)
      const own = CONTROLS.filter((control) => controls.includes(control))
      if (programs.includes(name) && own.length > 0)
        t.ok(
          own.some((control) => control.programs.includes(name)),
          `${name} reads ${read}`,
        )
      found++
    }
  t.ok(found > 30, 'there are such reads')
})

t.test('the table is in order and has each name once', async (t) => {
  for (const table of [CONTROLS, OTHERS]) {
    const names = table.map(({ name }) => name)
    t.same(names, [...new Set(names)].sort())
  }
  for (const { name, about, without, fallback } of CONTROLS) {
    t.notMatch(about, /[.;]$|^$/, name)
    t.not(without, '', name)
    if (fallback !== undefined) t.ok(known.has(fallback), name)
  }
})
