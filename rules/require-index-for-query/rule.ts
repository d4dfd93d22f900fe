import {
  defineRule,
  describeParameters,
  describePlan,
  describeStatistics,
  displayKey,
  formatBytes,
  formatCount,
  formatEstimate,
  formatMsRange,
  formatRows,
  stepOutsideTransaction,
  type IndexAdvice,
  type QueryEffect,
  type Remedy,
  type TableReadEffect,
} from '../../src/rule.ts'

/** From so many rows on, a query that runs every second keeps a core busy. */
const largeTable = 1_000_000

export default defineRule({
  id: 'require-index-for-query',
  title: 'Require an index for new queries that look for a few rows of a large table',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    readsTable: ({ query, table, rows, found }: Readonly<Record<string, string>>) =>
      `${query} reads all ${rows} of ${table}${found}.`,
  },
  query({ query, ref, effects, report }) {
    for (const effect of effects) {
      // no index makes it better, as it is written: the rules about that say so
      if (effect.kind !== 'table read' || effect.advice === undefined) continue
      // the index is there and a migration takes it away: avoid-slower-queries says so
      if (effects.some((other) => losesIndex(other, effect.table))) continue
      const table = displayKey(effect.table)
      const isOften = (ref.callsPerSecond ?? 0) >= 1 && effect.tableRows > largeTable
      report(
        'readsTable',
        { query: query.name, table, rows: formatRows(effect.tableRows), found: foundText(effect) },
        {
          on: table,
          ...(isOften ? { severity: 'error' } : {}),
          notes: notesOf(effect, effect.advice),
          remedy: remedyOf(effect.advice),
        },
      )
    }
  },
})

function losesIndex(effect: QueryEffect, table: string): boolean {
  return (
    effect.kind === 'plan change' &&
    effect.changes.some((change) => 'table' in change && change.table === table)
  )
}

/** How many rows match is known from statistics only. */
function foundText({ statistics, rows, tableRows, advice }: TableReadEffect): string {
  // of an expression nothing is known before it has an index
  const isGuess = statistics === 'sizes only' || advice?.columns.some((column) => column.includes('('))
  if (isGuess === true || rows >= tableRows / 2) return ''
  return ` to find about ${formatEstimate(Math.max(1, rows))}`
}

function notesOf({ plan, statistics, parameters }: TableReadEffect, advice: IndexAdvice): readonly string[] {
  const { costBefore, costAfter, after, bytes, buildMs } = advice
  const hasCosts = statistics === 'with value statistics'
  const costs = `cost ${formatCount(costBefore)} without the index, ${formatCount(Math.max(1, costAfter))} with it`
  const build = buildMs === undefined ? '' : `, built in ${formatMsRange(buildMs)}`
  return [
    `now${describeParameters(parameters)}: ${describePlan(plan, statistics)}`,
    `with the index: ${describePlan(after, statistics)}`,
    `The index was tried out on a planning copy${hasCosts ? `: ${costs}` : ', and is used'}.`,
    `It takes about ${formatBytes(bytes)}${build}; every write to the table has to keep it.`,
    describeStatistics(statistics),
  ]
}

function remedyOf({ table, sql }: IndexAdvice): Remedy {
  return {
    summary: `Create the index before this query goes out, in a migration of its own that runs outside a transaction; ${displayKey(table)} can be written to meanwhile.`,
    // one statement a line: those of partitions come one by one
    migrations: sql.split(';\n').map((statement) => stepOutsideTransaction(statement)),
  }
}
