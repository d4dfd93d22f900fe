import { catalogEffects, defineRule, displayKey, formatCount } from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-unused-index',
  title: 'Avoid indexes that no known query uses',
  severity: 'info',
  since: '0.1.0',
  messages: {
    unused: ({ index, table, count }: { index: string; table: string; count: string }) =>
      `None of the ${count} known queries on ${table} uses ${index}, and every write to ${table} has to keep it.`,
  },
  statement({ effects, queries, report }) {
    for (const use of queries?.indexes ?? []) {
      const { change, enforces, usedBy, foreignKeys = [], mayUse = [], tableQueries = 0 } = use
      const isNeeded = enforces || usedBy.length > 0 || foreignKeys.length > 0 || mayUse.length > 0
      // without queries on the table nobody knows what it is for
      if (change !== 'created' || isNeeded || tableQueries < 2) continue
      const [index, table] = [displayKey(use.index), displayKey(use.table)]
      report(
        'unused',
        { index, table, count: formatCount(tableQueries) },
        {
          on: table,
          because: catalogEffects(effects, 'create'),
          notes: ['By their plans on the new schema, at production’s sizes.'],
          remedy: {
            summary: `Leave ${index} out, or bring it with the query that it is for.`,
            migrations: [],
          },
        },
      )
    }
  },
})
