import {
  blockingLocks,
  defineRule,
  nameAll,
  nodeOf,
  queriesOn,
  step,
  stepWithLockTimeout,
  timeZoneNotes,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-lock-timeout',
  title: 'Require a lock_timeout before locks that make others wait',
  severity: 'info',
  since: '0.1.0',
  secondary: true,
  messages: {
    waitsWithoutLimit: ({ queries }: { queries: string }) =>
      `New ${queries} queue up behind this statement for as long as it waits for its lock, and no lock_timeout ends the wait.`,
  },
  statement(context) {
    const { statement, effects, settings, report } = context
    if (settings.lockTimeoutMs > 0 || nodeOf(statement, 'LockStmt')?.nowait === true) return
    const locks = blockingLocks(effects).filter(({ until }) => until === 'commit')
    if (locks.length === 0) return
    const tables = nameAll(locks.map(({ relation }) => relation))
    report(
      'waitsWithoutLimit',
      { queries: queriesOn(locks, tables) },
      {
        on: tables,
        because: locks,
        notes: [
          ...(settings.statementTimeoutMs > 0
            ? [`Only statement_timeout does, after ${settings.statementTimeoutMs} ms.`]
            : []),
          ...timeZoneNotes(context),
        ],
        remedy: {
          summary: 'Set a lock_timeout first, and run the migration again when it strikes.',
          migrations: [
            statement.inTransactionBlock
              ? stepWithLockTimeout(settings, statement.sql)
              : step("SET lock_timeout = '2s'", statement.sql),
          ],
        },
      },
    )
  },
})
