import { kill } from 'node:process'

/** Signals every process of a group; 0 only asks whether there are any. False: nobody is left in it. */
export function signalGroup(processGroup: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (processGroup === undefined) return false
  try {
    return kill(-processGroup, signal)
  } catch {
    return false
  }
}
