import { isServerGone } from '../replay/stage.ts'

/** Completes `… was not done to its end, because …`. */
export function whyEnded(error: unknown, deadline: AbortSignal): string {
  if (deadline.aborted) return 'the time for that was over'
  return isServerGone(error) ? 'the server went away' : 'that ended with an error'
}
