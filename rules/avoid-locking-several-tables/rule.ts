import {
  capitalize,
  deadlockData,
  deadlockSentence,
  defineRule,
  lockGroups,
  lockInversions,
  nameAll,
  queriesOn,
  relationKey,
  stepWithLockTimeout,
  type LockGroup,
  type Remedy,
  type StatementView,
  type TransactionView,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-locking-several-tables',
  title: 'Avoid locking several tables in one transaction',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    holdsWhileWaiting: ({ queries, next }: { queries: string; next: string }) =>
      `${capitalize(queries)} wait as long as this transaction waits for its lock on ${next}, and two such transactions can deadlock.`,
    deadlocks: deadlockSentence,
  },
  transaction({ transaction, applicationTransactions, report }) {
    const groups = lockGroups(transaction)
    const [first, second] = groups
    if (first === undefined || second === undefined) return
    const [inversion] = lockInversions(transaction, applicationTransactions)
    if (inversion !== undefined) {
      report('deadlocks', deadlockData(inversion), {
        at: inversion.second.view,
        on: tablesOf(groups),
        because: [inversion.first.lock, inversion.second.lock],
        remedy: splitRemedy(transaction, groups),
      })
      return
    }
    report(
      'holdsWhileWaiting',
      { queries: queriesOn(first.locks, tablesOf([first])), next: tablesOf([second]) },
      {
        at: second.view,
        on: tablesOf(groups),
        because: groups.flatMap(({ locks }) => locks),
        notes:
          groups.length > 2 ? [`It locks ${countTables(groups)} tables in turn: ${tablesOf(groups)}.`] : [],
        remedy: splitRemedy(transaction, groups),
      },
    )
  },
})

const noLimits: StatementView['settings'] = { lockTimeoutMs: 0, statementTimeoutMs: 0, timeZone: 'UTC' }

function tablesOf(groups: readonly LockGroup[]): string {
  return nameAll(groups.flatMap(({ locks }) => locks.map(({ relation }) => relation)))
}

function countTables(groups: readonly LockGroup[]): number {
  return new Set(groups.flatMap(({ locks }) => locks.map(({ relation }) => relationKey(relation)))).size
}

/** More of the author's own lines than that help nobody. */
const maxLines = 40

/** A migration for each table; settings that the transaction made for itself go along. */
function splitRemedy({ statements }: TransactionView, groups: readonly LockGroup[]): Remedy {
  // Several files in one transaction: they have a migration of their own already.
  const isRun = new Set(statements.map(({ statement }) => statement.span.file)).size > 1
  const advice = isRun ? 'Deploy each of these by itself' : 'Give each of these a migration of its own'
  const summary = `${advice}: ${groups.map((group) => tablesOf([group])).join('; ')}.`
  const starts = groups.map(({ view }) => view)
  const fails = statements.some(({ effects }) => effects.some(({ kind }) => kind === 'error'))
  if (isRun || fails || groups.length > 8 || new Set(starts).size < groups.length)
    return { summary, migrations: [] }
  const parts: StatementView[][] = [[]]
  for (const view of statements) {
    if (view.statement.tag === 'TransactionStmt') continue
    if (starts.indexOf(view) > 0) parts.push([])
    parts.at(-1)?.push(view)
  }
  const migrations = parts.map((views) => {
    const settings = views.at(-1)?.settings ?? noLimits
    return stepWithLockTimeout(settings, ...views.map(({ statement }) => statement.sql))
  })
  const lines = migrations.reduce((sum, { sql }) => sum + sql.split('\n').length, 0)
  return { summary, migrations: lines > maxLines ? [] : migrations }
}
