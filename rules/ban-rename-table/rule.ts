import {
  blockingLocks,
  catalogEffects,
  defineRule,
  displayName,
  lostNames,
  queriedKinds,
  relationKey,
  renamedLabels,
  renamedSchemas,
  renamedTableSteps,
  type CatalogEffectOf,
  type Remedy,
  type ReportOptions,
  type RunStatement,
  type StatementContext,
  type StatementView,
  type TransactionView,
} from '../../src/rule.ts'

const messages = {
  breaksQueries: ({ from, to }: { from: string; to: string }) =>
    `Every query of running code that names ${from} fails once this commits; code that names ${to} fails until then.`,
  movesAway: ({ table, to }: { table: string; to: string }) =>
    `Every query of running code that looks for ${table} where it was fails once this commits: it moves to schema ${to}.`,
  movesSchema: ({ from, to }: { from: string; to: string }) =>
    `Every query of running code that names something in schema ${from} fails once this commits: it is called ${to} then.`,
  renamesObject: ({ kind, from, to }: { kind: string; from: string; to: string }) =>
    `Running code that uses the ${kind} ${from} fails once this commits; code that uses ${to} fails until then.`,
  renamesLabel: ({ type, from, to }: { type: string; from: string; to: string }) =>
    `Running code that sends or compares '${from}' as ${type} fails with 22P02 once this commits, and code that sends '${to}' until then.`,
}

type Renamed = CatalogEffectOf<'rename' | 'move schema'>

export default defineRule({
  id: 'ban-rename-table',
  title: 'Ban renaming or moving tables and views that running code may use',
  severity: 'error',
  since: '0.1.0',
  brokenCode: 'assumed',
  messages,
  statement(context) {
    for (const effect of catalogEffects(context.effects, 'rename', 'move schema')) {
      const { object, existedBefore } = effect
      const { from, to } = effect.change
      if (!existedBefore || !queriedKinds.has(object.kind) || from === to) continue
      if (!isReplaced(context.transaction, context, effect)) reportChange(context, effect)
    }
  },
  run({ schema, statements, causeOf, report }) {
    if (schema === undefined) return
    const naming = (...names: readonly string[]): RunStatement | undefined =>
      statements.findLast(({ statement }) => names.every((name) => statement.sql.includes(name)))
    const about = (on: string): Omit<ReportOptions, 'at'> => ({
      on,
      because: [],
      evidence: 'schema',
      remedy: inSteps,
    })
    for (const { from, to } of renamedSchemas(schema)) {
      const at = causeOf({ kind: 'schema', schema: '', name: to })
      if (at !== undefined) report('movesSchema', { from, to }, { ...about(from), at })
    }
    for (const { from, to } of lostNames(schema)) {
      const at = to === undefined ? undefined : (causeOf(to) ?? naming(from.name, to.name))
      if (to === undefined || at === undefined) continue
      const words = { kind: to.kind, from: displayName(from), to: displayName(to) }
      report('renamesObject', words, { ...about(words.from), at })
    }
    for (const { type, from, to } of renamedLabels(schema)) {
      const at = causeOf(type)
      const name = displayName(type)
      if (at !== undefined) report('renamesLabel', { type: name, from, to }, { ...about(name), at })
    }
  },
})

const inSteps: Remedy = {
  summary:
    'Add the new one beside the old one, deploy code that uses it, and drop the old one in a later release. If no code names it, say so in an allow comment.',
  migrations: [],
}

function reportChange(
  { effects, settings, statement, schema, report }: StatementContext<typeof messages>,
  effect: Renamed,
): void {
  const { object, change } = effect
  const from = displayName(object)
  const renamed =
    change.type === 'rename'
      ? { schema: object.schema, name: change.to }
      : { schema: change.to, name: object.name }
  const remedy: Remedy = {
    summary:
      'Leave a view of the old name in the same transaction: it passes reads and simple writes on until no code uses it, and goes then.',
    migrations: renamedTableSteps(statement, settings, { old: object, renamed }, schema),
  }
  const options = { on: from, because: [effect, ...blockingLocks(effects)], remedy }
  if (change.type === 'rename') report('breaksQueries', { from, to: change.to }, options)
  else report('movesAway', { table: from, to: change.to }, options)
}

/** Does the transaction give the old name to something else that queries can use, or free the new one for this? */
function isReplaced({ statements }: TransactionView, view: StatementView, renamed: Renamed): boolean {
  const index = statements.findIndex(({ statement }) => statement === view.statement)
  const { object: old, change } = renamed
  const renames = (views: readonly StatementView[]): readonly CatalogEffectOf<'rename'>[] =>
    views
      .flatMap(({ effects }) => catalogEffects(effects, 'rename'))
      .filter(({ object }) => queriedKinds.has(object.kind) && object.schema === old.schema)
  const after = statements.slice(index + 1)
  const created = after.flatMap(({ effects }) => catalogEffects(effects, 'create'))
  return (
    created.some(({ object }) => queriedKinds.has(object.kind) && relationKey(object) === relationKey(old)) ||
    renames(after).some((other) => other.change.to === old.name) ||
    (change.type === 'rename' &&
      renames(statements.slice(0, index)).some((other) => other.change.from === change.to))
  )
}
