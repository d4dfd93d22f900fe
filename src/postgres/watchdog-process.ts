import type { ChildProcess } from 'node:child_process'

/**
 * For a process that only waits until its standard input ends, with us or by {@link endWatchdog}: it does not keep our process
 * alive, and where it cannot be started or has gone, that changes nothing for us.
 */
export function leaveBeside(child: ChildProcess): void {
  child.on('error', () => undefined)
  child.stdin?.on('error', () => undefined)
  child.unref()
  ;(child.stdin as unknown as { unref?(): void } | null)?.unref?.()
}

/** Tells it that everything is done, and waits for its end. */
export async function endWatchdog(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.stdin?.end('done\n')
  await ended
}
