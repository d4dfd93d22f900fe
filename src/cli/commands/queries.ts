import type { CommandContext } from '../context.ts'
import { runCheck, type CheckFlags } from './check.ts'

/** The options as commander hands them over. */
export type QueriesFlags = Omit<
  CheckFlags,
  'all' | 'staged' | 'replay' | 'budget' | 'prove' | 'down' | 'retry' | 'suggestions' | 'requireRehearsal'
> & {
  /** Judge every query, not only those that are new or changed. */
  readonly all?: boolean
}

/** `queries`: what happens to the application's queries, without what is about migrations alone. */
export function runQueries(flags: QueriesFlags, context: CommandContext): Promise<number> {
  const { all, ...rest } = flags
  return runCheck([], { ...rest, prove: false, queriesOnly: true, everyQuery: all ?? false }, context)
}
