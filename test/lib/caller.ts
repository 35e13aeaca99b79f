/** Decides how conversations with a listening program are held: in turn or together, each on its own connection. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Case, Dialog, Steps } from './case.ts'
import { Conversation, type Stage } from './conversation.ts'
import { Fail } from './deadline.ts'
import type { Running } from './process.ts'
import { Transport } from './transport.ts'

/** Milliseconds between two tries to connect to a program that does not listen yet. */
const PAUSE = 10

/** Holds the case's conversations with the program at this port. What has gone wrong, a reason each. */
export async function callAll(test: Case, port: number, program: Running, stage: Stage): Promise<string[]> {
  const why: string[] = []
  const talks: Array<Promise<void>> = []
  for (const [i, each] of (test.dialogs ?? []).entries()) {
    const dialog = isSteps(each) ? { steps: each } : each
    const failed = (error: unknown): void => {
      why.push(`conversation ${i + 1}: ${error instanceof Error ? error.message : String(error)}`)
    }
    try {
      const socket = await connection(dialog, port, program, stage)
      const talk = converse(socket, dialog.steps ?? [], stage).catch(failed)
      talks.push(talk)
      if (!test.together) await talk
    } catch (error) {
      failed(error)
    }
  }
  await Promise.all(talks)
  return why
}

function isSteps(dialog: Steps | Dialog): dialog is Steps {
  return Array.isArray(dialog)
}

async function converse(socket: Socket, steps: Steps, stage: Stage): Promise<void> {
  const conversation = new Conversation(Transport.socket(socket), stage)
  try {
    await conversation.play(steps)
  } finally {
    conversation.close()
  }
}

/** Connects as soon as the program listens. */
async function connection(dialog: Dialog, port: number, program: Running, stage: Stage): Promise<Socket> {
  for (;;) {
    if (program.status !== undefined) throw new Fail('the program has ended')
    const socket = connect({
      host: stage.places.fill(dialog.to ?? '127.0.0.1'),
      port,
      allowHalfOpen: true,
      ...(dialog.from === undefined ? {} : { localAddress: dialog.from }),
    })
    try {
      await stage.deadline.within(once(socket, 'connect'), 'timed out')
      return socket
    } catch (error) {
      socket.destroy()
      const reason = error instanceof Error ? error : new Error(String(error))
      if ((reason as NodeJS.ErrnoException).code !== 'ECONNREFUSED' || stage.deadline.passed)
        throw new Fail(`connecting: ${reason.message}`)
      await delay(PAUSE)
    }
  }
}
