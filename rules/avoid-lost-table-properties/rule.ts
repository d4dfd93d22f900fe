import {
  catalogEffects,
  defineRule,
  displayName,
  fullNameOf,
  lostOfRoutine,
  lostOfTable,
  lostOptions,
  type CatalogRoutine,
  type CatalogTable,
  type LostProperty,
  type Remedy,
  type RunContext,
  type RunStatement,
  type SchemaCatalogs,
} from '../../src/rule.ts'

const messages = {
  losesRowSecurity: ({ table, more }: { table: string; more: string }) =>
    `Every role that may read ${table} sees all of its rows: it was made anew without row security${more}.`,
  losesProperties: ({ object, lost }: { object: string; lost: string }) =>
    `${object} is left without ${lost}: it was made anew, and what the old one had does not come with its name.`,
  losesOptions: ({ view, lost }: { view: string; lost: string }) =>
    `${view} is left without ${lost}: CREATE OR REPLACE VIEW keeps only the options that it repeats.`,
}

type Context = RunContext<typeof messages>

/** Something that has the name of another that is gone, or is called otherwise now. */
interface Renewed {
  readonly object: CatalogTable | CatalogRoutine
  readonly at: RunStatement
  readonly lost: readonly LostProperty[]
}

export default defineRule({
  id: 'avoid-lost-table-properties',
  title: 'Avoid making tables, views and functions anew without what they had',
  severity: 'warning',
  since: '0.1.0',
  messages,
  run(context) {
    const { schema } = context
    if (schema === undefined) return
    for (const renewed of [...renewedTables(schema, context), ...renewedRoutines(schema, context)])
      tell(renewed, context)
    for (const renewed of replacedViews(schema, context)) tellOptions(renewed, context)
  },
})

function tell({ object, at, lost }: Renewed, { report }: Context): void {
  const name = displayName(object)
  const because = catalogEffects(at.effects).filter(({ object: one }) => one.name === object.name)
  const shared = { on: name, at, because, evidence: 'schema' as const, remedy: remedyFor(at, lost) }
  const others = lost.filter(({ kind }) => kind !== 'row security')
  if (others.length < lost.length) {
    const more = others.length === 0 ? '' : `, and without ${listed(others)}`
    report('losesRowSecurity', { table: name, more }, { ...shared, severity: 'error' })
    return
  }
  const severity = lost.every(({ kind }) => kind === 'remark') ? { severity: 'info' as const } : {}
  report('losesProperties', { object: name, lost: listed(lost) }, { ...shared, ...severity })
}

function tellOptions({ object, at, lost }: Renewed, { report }: Context): void {
  const name = displayName(object)
  const remedy = remedyFor(at, lost)
  report(
    'losesOptions',
    { view: name, lost: listed(lost) },
    { on: name, at, because: [], evidence: 'schema', remedy },
  )
}

/** Tables and views of a name that another had before; partitions are used through their parent. */
function renewedTables({ before, after, ...rest }: SchemaCatalogs, { causeOf }: Context): readonly Renewed[] {
  const old = new Map(before.tables.map((table) => [fullNameOf(table), table]))
  const ids = new Set(before.tables.map(({ id }) => id))
  return after.tables.flatMap((object) => {
    const was = old.get(fullNameOf(object))
    if (was === undefined || ids.has(object.id) || !isSameKind(was, object)) return []
    if (was.partitionOf !== undefined || object.partitionOf !== undefined) return []
    const at = causeOf({
      kind: object.kind === 'partitioned table' ? 'table' : object.kind,
      ...nameOf(object),
    })
    if (at === undefined) return []
    const isSwapped = catalogEffects(at.effects, 'rename').some(({ change }) => change.to === object.name)
    const lost = lostOfTable(was, object, { before, after, ...rest }, isSwapped)
    return lost.length === 0 ? [] : [{ object, at, lost }]
  })
}

function isSameKind(was: CatalogTable, is: CatalogTable): boolean {
  const kindOf = ({ kind }: CatalogTable): string => (kind === 'partitioned table' ? 'table' : kind)
  return kindOf(was) === kindOf(is)
}

/** Functions that were dropped and made again for the same arguments. */
function renewedRoutines({ before, after }: SchemaCatalogs, { causeOf }: Context): readonly Renewed[] {
  const keyOf = (routine: CatalogRoutine): string => `${fullNameOf(routine)}(${routine.arguments.join()})`
  const old = new Map((before.routines ?? []).map((routine) => [keyOf(routine), routine]))
  return (after.routines ?? []).flatMap((object) => {
    const was = old.get(keyOf(object))
    if (was === undefined || was.id === object.id) return []
    const at = causeOf({ kind: 'function', ...nameOf(object) })
    const lost = lostOfRoutine(was, object)
    return at === undefined || lost.length === 0 ? [] : [{ object, at, lost }]
  })
}

/** Views that are the same as before, and have lost what makes them safe. */
function replacedViews({ before, after }: SchemaCatalogs, { causeOf }: Context): readonly Renewed[] {
  const old = new Map(before.tables.map((table) => [table.id, table]))
  return after.tables.flatMap((object) => {
    const was = old.get(object.id)
    if (was === undefined || object.kind !== 'view') return []
    const lost = lostOptions(was, object).filter(({ kind }) => kind === 'protection')
    const at = lost.length === 0 ? undefined : causeOf({ kind: 'view', ...nameOf(object) })
    return at?.statement.tag === 'ViewStmt' ? [{ object, at, lost }] : []
  })
}

function nameOf({ schema, name }: { schema: string; name: string }): { schema: string; name: string } {
  return { schema, name }
}

const mostNamed = 6

function listed(lost: readonly LostProperty[]): string {
  const words = lost.map(({ what }) => what)
  const rest = words.length - mostNamed
  const shown = rest > 1 ? [...words.slice(0, mostNamed), `${rest} more`] : words
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

function remedyFor({ statement, migration }: RunStatement, lost: readonly LostProperty[]): Remedy {
  const restored = lost.flatMap(({ restore }) => restore ?? [])
  if (restored.length === 0)
    return { summary: 'Give it again what the old one had, in the same transaction.', migrations: [] }
  const sql = [statement.sql, ...restored].map((one) => `${one};`).join('\n')
  const transaction = migration.transaction.mode !== 'statement'
  return {
    summary:
      'Give it again what the old one had, in the same transaction. If it is to go, say so in an allow comment.',
    migrations: [{ sql, transaction }],
  }
}
