import {
  defineRule,
  describeParameters,
  describePlan,
  describePlanChange,
  describeStatistics,
  displayKey,
  enumerate,
  formatCount,
  nameQueries,
  type AffectedQuery,
  type PlanChange,
  type PlanChangeEffect,
  type QueryRef,
  type Severity,
  type StatementContext,
} from '../../src/rule.ts'

/** From so many rows on, reading a whole table is an outage in the making, however rarely it happens. */
const largeTable = 1_000_000

/** More plans nobody reads. */
const mostPlans = 3

const messages = {
  readsTable: ({ queries, what }: { queries: string; what: string }) => `${queries} ${what} from now on.`,
  slower: ({ queries, what }: { queries: string; what: string }) => `${queries} ${what}.`,
  slowsForeignKey: ({ table, foreignKeys }: { table: string; foreignKeys: string }) =>
    `Deleting a row that ${foreignKeys} references reads all of ${table} from now on.`,
}

export default defineRule({
  id: 'avoid-slower-queries',
  title: 'Avoid migrations that leave queries with a worse plan',
  severity: 'warning',
  since: '0.1.0',
  messages,
  statement(context) {
    const slower = slowerQueries(context)
    if (slower.length > 0) reportQueries(context, slower)
    else reportForeignKeys(context)
  },
})

type Context = StatementContext<typeof messages>

/** A query with what is worst about its new plan. */
interface Slower {
  readonly query: QueryRef
  readonly effect: PlanChangeEffect
  readonly worst: PlanChange
}

/** Worst first. */
function slowerQueries({ queries }: Context): readonly Slower[] {
  const slower = (queries?.impacts ?? []).flatMap(({ query, effect }): readonly Slower[] => {
    const worst = effect.kind === 'plan change' ? effect.changes[0] : undefined
    return effect.kind === 'plan change' && worst !== undefined ? [{ query, effect, worst }] : []
  })
  return slower.toSorted((a, b) => weight(b) - weight(a))
}

const order = ['cost', 'new sort', 'hash spills', 'sort spills', 'lost index', 'new sequential scan'] as const

function weight({ query, effect, worst }: Slower): number {
  const ratio = Math.min(effect.after.cost / Math.max(effect.before.cost, 1), 1e6)
  return order.indexOf(worst.type) * 1e9 + Math.min(query.callsPerSecond ?? 0, 100) * 1e6 + ratio
}

function reportQueries(context: Context, slower: readonly Slower[]): void {
  const [first] = slower
  if (first === undefined) return
  const { worst, effect } = first
  const table = tableOf(worst)
  const alike = slower.filter((one) => one.worst.type === worst.type && tableOf(one.worst) === table)
  context.report(
    worst.type === 'new sequential scan' ? 'readsTable' : 'slower',
    {
      queries: nameQueries(alike.map(({ query }) => query)),
      what: describePlanChange(worst, alike.length > 1),
    },
    {
      ...(table === undefined ? {} : { on: table }),
      because: receipt(context),
      severity: severityOf(slower),
      queries: slower.map(affected),
      notes: [...new Set(plansOf(slower)), ...lookUpNotes(context), describeStatistics(effect.statistics)],
      remedy: { summary: remedyOf(table), migrations: [] },
    },
  )
}

function tableOf(change: PlanChange): string | undefined {
  return 'table' in change ? displayKey(change.table) : undefined
}

function receipt({ effects }: Context): Context['effects'] {
  return effects.filter(({ kind }) => kind === 'catalog' || kind === 'rewrite')
}

function severityOf(slower: readonly Slower[]): Severity {
  const isOften = slower.some(({ query }) => (query.callsPerSecond ?? 0) >= 1)
  const changes = slower.flatMap(({ effect }) => effect.changes)
  const isLarge = changes.some((change) => change.type === 'new sequential scan' && change.rows > largeTable)
  return isOften || isLarge ? 'error' : 'warning'
}

function affected({ query, effect, worst }: Slower): AffectedQuery {
  const cost = effect.changes.find((change) => change !== worst && change.type === 'cost')
  const details = [worst, ...(cost === undefined ? [] : [cost])].map((change) => describePlanChange(change))
  return { ...query, what: 'slower', detail: details.join(', ') }
}

function plansOf(slower: readonly Slower[]): readonly string[] {
  const plans = slower
    .slice(0, mostPlans)
    .flatMap(({ query, effect }) => [
      `${query.name} before: ${describePlan(effect.before, effect.statistics)}`,
      `${query.name} after${describeParameters(effect.parameters)}: ${describePlan(effect.after, effect.statistics)}`,
    ])
  const more = slower.length - mostPlans
  if (more <= 0) return plans
  const others =
    more === 1 ? 'The plan of one more query is' : `The plans of ${formatCount(more)} more queries are`
  return [...plans, `${others} worse, too.`]
}

function remedyOf(table: string | undefined): string {
  return table === undefined
    ? 'Keep what the old plan rests on until the queries do without it, or give them an index first, concurrently.'
    : `Keep the index, or first create another one on ${table} that serves these queries, concurrently; or change the queries first.`
}

function lookUpNotes({ queries }: Context): readonly string[] {
  const needed = (queries?.indexes ?? []).filter(({ change }) => change === 'dropped')
  return needed.flatMap(({ table, foreignKeys = [] }) =>
    foreignKeys.map((key) => messages.slowsForeignKey({ table: displayKey(table), foreignKeys: key })),
  )
}

/** No query is slower, but looking up the rows that reference one is. */
function reportForeignKeys(context: Context): void {
  for (const { change, index, table, foreignKeys = [] } of context.queries?.indexes ?? []) {
    if (change !== 'dropped' || foreignKeys.length === 0) continue
    const [on, names] = [displayKey(table), enumerate(foreignKeys)]
    const summary = `Keep ${displayKey(index)}, or first create another index that begins with the columns of ${names}, concurrently.`
    const options = { on, because: receipt(context), remedy: { summary, migrations: [] } }
    context.report('slowsForeignKey', { table: on, foreignKeys: names }, options)
  }
}
