/** qmail-qfilter: stands in for qmail-queue and runs a message through filters on its way there. */
import { copyToFile, Filtering, splitCommands } from '@moreqmail/filter'
import { args, env, environment, execPath, exit, home, sys } from '@moreqmail/unix'
import { BAD_ENVELOPE, exitOf, FILE_TROUBLE, INTERNAL } from './codes.ts'

export const synopsis = 'qmail-qfilter [ filter [ arg ... ] ] [ -- filter [ arg ... ] ] ...'

const MESSAGE = 0
const ENVELOPE = 1

export function main(): never {
  const commands = splitCommands(args()) ?? exit(INTERNAL)
  environment().set('QMAILPPID', String(sys.getppid()))
  const message = takeOver(MESSAGE)
  const filtering = Filtering.of(message, takeOver(ENVELOPE))
  if (typeof filtering === 'string') exit(BAD_ENVELOPE[filtering])
  for (const command of commands) {
    const failure = filtering.run(command)
    if (failure !== undefined) exit(exitOf(failure))
  }
  const program = filtering.program ?? env('QQF_QMAILQUEUE') ?? `${home()}/bin/qmail-queue`
  if (filtering.handOver('with envelope') < 0) exit(INTERNAL)
  execPath(program, [program], environment().with(filtering.variables))
  exit(INTERNAL)
}

/** Copies what the caller sends to its end: the file. */
function takeOver(fd: number): number {
  const file = copyToFile(fd)
  return typeof file === 'number' ? file : exit(FILE_TROUBLE)
}
