/** Programs that wait for the runtime's cryptography, which answers later only. */

/**
 * Goes on in the event loop. The work ends the process itself; if it is never answered, the process ends with this code
 * in place of success.
 */
export function waitFor(work: () => Promise<never>, code: number): void {
  process.exitCode = code
  void work()
}
