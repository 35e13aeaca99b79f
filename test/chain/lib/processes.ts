/** Decides what is known of running processes: names, users, parents. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Running {
  readonly pid: number
  readonly name: string
  readonly uid: number
  readonly children: readonly Running[]
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\t(\\d+)`, 'm').exec(status)?.[1])
}

/** A process and all below it. */
export function treeOf(pid: number): Running {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [{ pid: Number(name), status: readFileSync(`/proc/${name}/status`, 'latin1') }]
      } catch {
        return [] // It has ended meanwhile.
      }
    })
  const tree = (pid: number): Running => {
    const status = all.find((process) => process.pid === pid)?.status ?? ''
    const children = all.filter((process) => field(process.status, 'PPid') === pid).map(({ pid }) => tree(pid))
    return { pid, name: /^Name:\t(.*)$/m.exec(status)?.[1] ?? '', uid: field(status, 'Uid'), children }
  }
  return tree(pid)
}

/** The tree in lines, each process indented below its parent: name, blank, uid. */
export function drawn({ name, uid, children }: Running, depth = 0): string {
  const below = [...children].sort((a, b) => (a.name < b.name ? -1 : 1)).map((child) => drawn(child, depth + 1))
  return [`${'  '.repeat(depth)}${name} ${uid}`, ...below].join('\n')
}

/** The first of that name in the tree. */
export function find(tree: Running, name: string): Running | undefined {
  if (tree.name === name) return tree
  for (const child of tree.children) {
    const found = find(child, name)
    if (found !== undefined) return found
  }
  return undefined
}
