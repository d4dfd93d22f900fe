import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { getuid, kill } from 'node:process'

/** A process as Linux tells of it, proc_pid_stat(5). */
export interface ProcessEntry {
  readonly id: number
  readonly parent: number
  readonly group: number
  /** Clock ticks from boot to its start. With its id that names a process: ids are given again. */
  readonly start: number
  /** It has ended, and nobody has asked how: nothing of it is left but this entry. */
  readonly hasEnded: boolean
  /** It waits for a disk or the like, and cannot be disturbed. */
  readonly isStuck: boolean
}

/** Is there a /proc to read? macOS has none. */
export function hasProcessTable(): boolean {
  return existsSync('/proc/self/stat')
}

export function processIds(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

/** Undefined: there is none of this id. */
export function readProcess(id: number): ProcessEntry | undefined {
  try {
    const [state = '', parent, group, ...more] = statFields(readFileSync(`/proc/${id}/stat`, 'utf8'))
    return {
      id,
      parent: Number(parent),
      group: Number(group),
      start: Number(more[16]),
      hasEnded: state === 'Z' || state === 'X',
      isStuck: state === 'D',
    }
  } catch {
    return undefined
  }
}

/** Fields of a stat file from the third on: the second, a name in parentheses, may itself hold blanks and parentheses. */
export function statFields(text: string): readonly string[] {
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** Does it run as the user that we are? */
export function isOurUsers(id: number): boolean {
  try {
    return statSync(`/proc/${id}`).uid === getuid?.()
  } catch {
    return false
  }
}

/** The environment that it was started with, until it writes over it; empty where that is not for us to read. */
export function environmentOf(id: number): Buffer {
  try {
    return readFileSync(`/proc/${id}/environ`)
  } catch {
    return Buffer.alloc(0)
  }
}

/** Is it still the same process, and at work? */
export function isRunning({ id, start }: Pick<ProcessEntry, 'id' | 'start'>): boolean {
  const now = readProcess(id)
  return now !== undefined && now.start === start && !now.hasEnded
}

/** Never another process that has got its id in the meantime. */
export function signalProcess(process: Pick<ProcessEntry, 'id' | 'start'>, signal: NodeJS.Signals): void {
  try {
    if (isRunning(process)) kill(process.id, signal)
  } catch {
    // it has ended, or become another user's
  }
}
