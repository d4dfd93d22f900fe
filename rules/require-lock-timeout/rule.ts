import {
  blockingLocks,
  defineRule,
  formatMs,
  nameAll,
  nodeOf,
  queriesOn,
  settingsLeft,
  stepWithLockTimeout,
  timeZoneNotes,
  type Messages,
  type Statement,
  type StatementContext,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-lock-timeout',
  title: 'Require a lock_timeout before locks that make others wait',
  severity: 'info',
  since: '0.1.0',
  secondary: true,
  options: {
    longest: {
      type: 'duration',
      default: 0,
      description: 'Longer lock_timeouts are found as well; 0 means that any will do.',
    },
  },
  messages: {
    waitsWithoutLimit: ({ queries }: { queries: string }) =>
      `New ${queries} queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.`,
    setToZero: ({ queries }: { queries: string }) =>
      `New ${queries} queue up behind this statement for as long as it waits for its lock: the migration sets lock_timeout to 0, which ends no wait.`,
    tooLate: ({ queries }: { queries: string }) =>
      `New ${queries} queue up behind this statement for as long as it waits for its lock: the migration sets a lock_timeout only after it.`,
    waitsTooLong: ({ queries, timeout, longest }: { queries: string; timeout: string; longest: string }) =>
      `New ${queries} queue up behind this statement for up to ${timeout} (lock_timeout), longer than the ${longest} that the configuration allows.`,
  },
  statement(context) {
    const { statement, effects, settings, options, report } = context
    const { lockTimeoutMs, statementTimeoutMs } = settings
    const isLimited = lockTimeoutMs > 0 && (options.longest === 0 || lockTimeoutMs <= options.longest)
    if (isLimited || nodeOf(statement, 'LockStmt')?.nowait === true) return
    const locks = blockingLocks(effects).filter(({ until }) => until === 'commit')
    if (locks.length === 0) return
    const tables = nameAll(locks.map(({ relation }) => relation))
    report(
      lockTimeoutMs > 0 ? 'waitsTooLong' : whyWithoutLimit(context),
      {
        queries: queriesOn(locks, tables),
        timeout: formatMs(lockTimeoutMs),
        longest: formatMs(options.longest),
      },
      {
        on: tables,
        because: locks,
        notes: [
          ...(statementTimeoutMs > 0 && lockTimeoutMs === 0
            ? [`Only statement_timeout does, after ${statementTimeoutMs} ms.`]
            : []),
          ...timeZoneNotes(context),
        ],
        remedy:
          lockTimeoutMs > 0
            ? { summary: `Set lock_timeout to at most ${formatMs(options.longest)}.`, migrations: [] }
            : {
                summary: 'Set a lock_timeout first, and run the migration again when it strikes.',
                migrations: [stepWithLockTimeout(settings, statement.sql)],
              },
      },
    )
  },
})

/** What the file does about it in the wrong way, or in the wrong place. */
function whyWithoutLimit({
  statement: { index },
  migration: { statements },
}: Pick<StatementContext<Messages>, 'statement' | 'migration'>):
  | 'waitsWithoutLimit'
  | 'setToZero'
  | 'tooLate' {
  const timeouts = (part: readonly Statement[]): readonly number[] =>
    settingsLeft(part, true).flatMap(({ name, value }) =>
      name === 'lock_timeout' ? [Number.parseFloat(value)] : [],
    )
  if (timeouts(statements.slice(0, index)).includes(0)) return 'setToZero'
  return timeouts(statements.slice(index + 1)).some((value) => value > 0) ? 'tooLate' : 'waitsWithoutLimit'
}
