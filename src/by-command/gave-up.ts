/** Why a command that was broken off gives up the next time, though no statement of a migration fails. */
import { namesLockTable } from '../record/lock-wait.ts'
import type { Recording } from '../record/model.ts'

/** Completes `the next run …`. What it printed is not for a report. */
export function gaveUpText(next: Recording): string {
  const why = speaksOfLock(next)
    ? 'over a lock that the run before has left'
    : 'though no statement failed for it'
  const end = next.end.signal ?? `exit status ${next.end.code ?? ''}`
  return `ends with ${end}, ${why} (what it printed is in the log of the job)`
}

/** The same of one that {@link waitsForLock}. */
export const waitsText = 'waits for a lock that the run before has left, until it is ended'

/** Had it not been ended: Liquibase asks for `LOCKED` again and again, for five minutes, and says nothing of it. */
export function waitsForLock(next: Recording): boolean {
  if (next.endedWaiting === true) return true
  const last = next.statements.slice(-lastAsked)
  const asked = last
    .slice(last.findLastIndex(({ kind }) => kind === 'work') + 1)
    .flatMap(({ sql }) => (namesLockTable(sql) ? [sql] : []))
  // who has got the lock asks no more
  return speaksOfLock(next) || new Set(asked).size < asked.length
}

/** Liquibase asks for its search_path behind each look at the lock. */
const lastAsked = 12

/**
 * Knex: `Migration table is already locked`; Liquibase: `Could not acquire change log lock. Currently locked by …`; Prisma:
 * `Timed out trying to acquire a postgres advisory lock`. Neither a lock that is got or given back, nor `Gemfile.lock`.
 */
function speaksOfLock({ output }: Recording): boolean {
  return output.some(({ text }) => isLocked.test(text) || notGot.test(text))
}

const isLocked = /\b(?:already|currently|is|still|was) locked\b/i
const notGot =
  /\b(?:wait|can.?t|cannot|could|unable|fail|time ?out|timed out)\w*\b.*(?<![\w./-])locks?\b(?![./-]\w| files?\b)/i
