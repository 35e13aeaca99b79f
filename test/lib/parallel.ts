/** Decides how many things are done at a time. */
import { availableParallelism } from 'node:os'

/** How many cases are played at a time: most of them wait rather than work. */
export const AT_A_TIME: number = 2 * availableParallelism()

/** Does the work for all items, so many at a time; resolves when all are done. */
export async function parallel<T>(items: readonly T[], jobs: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}
