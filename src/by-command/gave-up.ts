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
  const asked = next.statements.slice(-lastAsked).filter(({ kind }) => kind !== 'work')
  return speaksOfLock(next) || asked.some(({ sql }) => namesLockTable(sql))
}

/** Liquibase asks for its search_path behind each look at the lock. */
const lastAsked = 12

/** Knex: `Migration table is already locked`. */
function speaksOfLock({ output }: Recording): boolean {
  return output.some(({ text }) => /\block(?:ed)?\b/i.test(text))
}
