import {
  catalogEffects,
  defineRule,
  displayName,
  quoteIdent,
  quoteName,
  type CatalogSequence,
  type CatalogTable,
  type RunContext,
  type RunStatement,
  type SchemaCatalogs,
} from '../../src/rule.ts'

type Behind = NonNullable<CatalogSequence['behind']>

const messages = {
  runsBehind: ({
    table,
    column,
    next,
    highest,
  }: {
    table: string
    column: string
    next: string
    highest: string
  }) =>
    `Inserts into ${table} fail with a duplicate key (23505): its sequence gives ${next} next, and ${column} already holds values up to ${highest}.`,
  startsBehind: ({ table, column }: { table: string; column: string }) =>
    `Inserts into ${table} fail with a duplicate key (23505) until its sequence is past the rows that are there: it starts at 1, and they have their ${column} already.`,
}

export default defineRule({
  id: 'avoid-stale-sequence',
  title: 'Avoid leaving sequences behind the rows of their table',
  severity: 'error',
  since: '0.1.0',
  messages,
  run({ schema, statements, causeOf, report }) {
    if (schema?.evidence !== 'measured') return
    const tables = new Map(schema.after.tables.map((table) => [`${table.schema}.${table.name}`, table]))
    for (const sequence of schema.after.sequences ?? []) {
      const behind = newlyBehind(sequence, schema)
      const table = tables.get(behind?.table ?? '')
      if (behind === undefined || table === undefined) continue
      const at = writerOf(table, statements) ?? makerOf(sequence, table, behind, causeOf)
      if (at === undefined) continue
      const name = displayName(table)
      const shared = {
        on: `${name}.${behind.column}`,
        at,
        because: [
          ...catalogEffects(at.effects).filter(({ object }) => object.name === table.name),
          ...at.effects.filter((effect) => effect.kind === 'write' && effect.relation.name === table.name),
        ],
        evidence: 'schema' as const,
        remedy: remedyFor(table, sequence, behind),
      }
      if (behind.isOfSeededRows === true)
        report('startsBehind', { table: name, column: behind.column }, shared)
      else report('runsBehind', { ...behind, table: name }, shared)
    }
  },
})

/** Rows that we made ourselves count only for a sequence that the review made: they stand for those of production. */
function newlyBehind({ id, behind }: CatalogSequence, { before }: SchemaCatalogs): Behind | undefined {
  if (behind === undefined) return undefined
  const was = before.sequences?.find((one) => one.id === id)
  if (was === undefined) return behind
  if (behind.isOfSeededRows === true) return undefined
  return was.behind === undefined || was.behind.isOfSeededRows === true ? behind : undefined
}

/** The last statement that put rows into the table, by whatever name it had then. */
function writerOf(table: CatalogTable, statements: readonly RunStatement[]): RunStatement | undefined {
  const names = new Set([table.name])
  for (const { effects } of statements.toReversed()) {
    for (const { object, change } of catalogEffects(effects, 'rename'))
      if (names.has(change.to)) names.add(object.name)
  }
  return statements.findLast(({ effects }) =>
    effects.some(
      (effect) =>
        effect.kind === 'write' &&
        (effect.command === 'INSERT' || effect.command === 'COPY') &&
        effect.relation.schema === table.schema &&
        names.has(effect.relation.name),
    ),
  )
}

function makerOf(
  sequence: CatalogSequence,
  table: CatalogTable,
  { column }: Behind,
  causeOf: RunContext<typeof messages>['causeOf'],
): RunStatement | undefined {
  const { schema, name } = sequence
  const of = `${table.schema}.${table.name}`
  return (
    causeOf({ kind: 'sequence', schema, name }) ??
    causeOf({ kind: 'column', schema, name: column, table: of })
  )
}

function remedyFor(
  table: CatalogTable,
  { schema, name, ownedBy }: CatalogSequence,
  { column }: Behind,
): { summary: string; migrations: [] } {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
  const owned = ownedBy?.table === `${table.schema}.${table.name}` && ownedBy.column === column
  const sequence = owned
    ? `pg_get_serial_sequence(${literal(quoteName(table))}, ${literal(column)})`
    : literal(quoteName({ schema, name }))
  const highest = `(SELECT max(${quoteIdent(column)}) FROM ${quoteName(table)})`
  return {
    summary: `Move the sequence past them, after the last of them is written and in the same transaction: \`SELECT setval(${sequence}, ${highest});\`.`,
    migrations: [],
  }
}
