/** When the JavaScript engine may start threads: a process that has any can't be forked. */
import { environment, startAnew } from './image.ts'
import { compiled, rehearsing } from './shim.ts'

/** Bun's own interface to its engine. */
declare const Bun: { unsafe: { setJITPolicy(scale: number): void } } | undefined

/**
 * From now on this program computes more than it forks: the engine may compile to machine code, in threads of its own.
 * The executable is built so that it starts none before (`--compile-jit-policy`). Without effect on Node.
 */
export function allowThreads(): void {
  if (compiled && !rehearsing() && typeof Bun !== 'undefined') Bun.unsafe.setJITPolicy(1)
}

/**
 * Options by which the engine never starts a thread, however long it runs: no compiler, no collector thread, no parallel
 * marking, no thread that prepares memory. Without a compiler children write to fewer pages, and no memory of a process
 * that strangers talk to can be both written and executed.
 */
const QUIET: Readonly<Record<string, string>> = {
  BUN_JSC_useJIT: '0',
  BUN_JSC_useConcurrentGC: '0',
  BUN_JSC_numberOfGCMarkers: '1',
  BUN_JSC_useWarmUpMarkedBlocks: '0',
}

/** Of the image, not of the program: the engine keeps its options whoever runs in it next. */
let quiet = false

/**
 * Makes sure that this process can fork for as long as it lives: for a listener, or a program that may start many
 * others of ours, before it reads or writes anything. The options can only be given at the start of an image, so the
 * program is started anew with them, once, under its pid; children don't see them. Does nothing on Node, or when images
 * are always real.
 */
export function stayForkable(): void {
  if (!compiled || quiet) return
  const env = environment()
  if (env.get('MOREQMAIL_EXEC') === 'always') return
  if (Object.keys(QUIET).every((name) => env.get(name) === QUIET[name])) {
    env.remove((name) => name in QUIET)
    quiet = true
    return
  }
  startAnew(env.with(QUIET))
  // Not started anew: it works all the same, with real images once there is a second thread.
}
