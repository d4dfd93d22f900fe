import {
  defineRule,
  displayName,
  existingTableLocks,
  fillsOfIndexed,
  mergedAlterTable,
  relationKey,
  repeatedPasses,
  rewritesOfFilled,
  stepWithLockTimeout,
  type LockEffect,
  type Relation,
  type Remedy,
  type RunStatement,
  type TablePass,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-repeated-table-work',
  title: 'Avoid going through a table twice where once is enough',
  severity: 'warning',
  since: '0.1.0',
  harm: 'wait',
  messages: {
    repeats: ({ table, times }: { table: string; times: number }) =>
      `Postgres goes through all rows of ${table} ${times} times while every read and write of it waits: one ALTER TABLE does all of it in one pass.`,
    rewritesFilled: ({ table }: { table: string }) =>
      `All rows of ${table} are written twice: it is filled, and then rewritten, in the same deployment.`,
    fillsIndexed: ({ table, indexes }: { table: string; indexes: string }) =>
      `Filling ${table} takes longer than it has to: every row goes into ${indexes} one by one, instead of all at once afterwards.`,
  },
  run({ statements, rowsOf, report }) {
    for (const chain of repeatedPasses(statements)) {
      const [first, last] = [chain[0], chain.at(-1)]
      if (first === undefined || last === undefined || chain.length < 2) continue
      const { relation } = first.lock
      report(
        'repeats',
        { table: displayName(relation), times: chain.length },
        {
          at: last.view,
          on: relation,
          because: chain.flatMap(({ view, passes }) => [...locksOn(view, relation), ...passes]),
          // several files may be meant for several deployments
          ...(isOneFile(chain) ? {} : { severity: 'info' }),
          remedy: mergeRemedy(chain, statements),
        },
      )
    }
    for (const { at, table, work } of rewritesOfFilled(statements)) {
      report(
        'rewritesFilled',
        { table: displayName(table) },
        {
          at,
          on: table,
          because: work,
          harm: 'other',
          severity: 'info',
          remedy: { summary: 'Create the table as it is to be, and fill it then.', migrations: [] },
        },
      )
    }
    for (const { at, table, work, indexes } of fillsOfIndexed(statements, rowsOf)) {
      report(
        'fillsIndexed',
        { table: displayName(table), indexes: indexes.toSorted().join(', ') },
        {
          at,
          on: table,
          because: work,
          harm: 'other',
          severity: 'info',
          remedy: { summary: 'Fill the table first, and create its indexes then.', migrations: [] },
        },
      )
    }
  },
})

function locksOn({ effects }: RunStatement, relation: Relation): readonly LockEffect[] {
  return existingTableLocks(effects).filter((lock) => relationKey(lock.relation) === relationKey(relation))
}

function isOneFile(chain: readonly TablePass[]): boolean {
  return new Set(chain.map(({ view }) => view.migration)).size === 1
}

function mergeRemedy(chain: readonly TablePass[], statements: readonly RunStatement[]): Remedy {
  const views = chain.map(({ view }) => view)
  const positions = views.map((view) => statements.indexOf(view))
  const [from = 0, to = 0] = [positions[0], positions.at(-1)]
  const isTogether =
    new Set(views.map(({ transaction }) => transaction)).size === 1 &&
    new Set(views.map(({ migration }) => migration)).size === 1 &&
    statements
      .slice(from, to + 1)
      .every((one) => views.includes(one) || one.statement.tag === 'VariableSetStmt')
  const merged = isTogether ? mergedAlterTable(views.map(({ statement }) => statement)) : undefined
  const settings = views[0]?.settings
  return {
    summary: 'Make one ALTER TABLE of them, with their actions one after the other.',
    migrations: merged === undefined || settings === undefined ? [] : [stepWithLockTimeout(settings, merged)],
  }
}
