import {
  defineRule,
  displayName,
  enumerate,
  fullNameOf,
  sameWords,
  tableChanges,
  type CatalogConstraint,
  type CatalogTable,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-lost-constraint',
  title: 'Avoid losing constraints',
  severity: 'warning',
  since: '0.1.0',
  preset: 'strict',
  messages: {
    lost: ({ table, kind, name }: { table: string; kind: string; name: string }) =>
      `Rows that the ${kind} ${name} kept out of ${table} come in from now on.`,
    nullable: ({ columns }: { columns: string }) => `Rows without a value come in from now on in ${columns}.`,
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    for (const { table, before, isNew } of tableChanges(schema)) {
      if (isNew || before === undefined || before.isPartial === true || table.isPartial === true) continue
      const on = displayName(table)
      const remedy = { summary: 'Keep it, or say in an allow comment what takes its place.', migrations: [] }
      for (const lost of before.constraints.filter((one) => isLost(one, before, table))) {
        const at = causeOf({
          kind: 'constraint',
          schema: table.schema,
          name: lost.name,
          table: fullNameOf(table),
        })
        if (at === undefined) continue
        const data = { table: on, kind: lost.kind, name: lost.name }
        report('lost', data, { on: `${on}.${lost.name}`, at, because: [], evidence: 'schema', remedy })
      }
      const nullable = nowNullable(before, table)
      const at = causeOf({
        kind: 'column',
        schema: table.schema,
        name: nullable[0] ?? '',
        table: fullNameOf(table),
      })
      if (nullable.length === 0 || at === undefined) continue
      const columns = enumerate(nullable.map((name) => `${on}.${name}`))
      report('nullable', { columns }, { on: columns, at, because: [], evidence: 'schema', remedy })
    }
  },
})

/** What its columns are called now; undefined where one of them is gone. */
function columnsNow(
  names: readonly string[],
  before: CatalogTable,
  now: CatalogTable,
): readonly string[] | undefined {
  const found = names.flatMap((name) => {
    const number = before.columns.find((column) => column.name === name)?.number
    return now.columns.find((column) => column.number === number)?.name ?? []
  })
  return found.length === names.length ? found : undefined
}

function isLost(old: CatalogConstraint, before: CatalogTable, now: CatalogTable): boolean {
  const columns = columnsNow(old.columns, before, now)
  if (old.kind === 'not null' || old.isInherited || columns === undefined) return false
  const isEqual = (one: CatalogConstraint): boolean =>
    one.kind === old.kind && sameWords(one.columns, columns)
  switch (old.kind) {
    case 'foreign key':
      return !now.constraints.some((one) => isEqual(one) && one.references?.table === old.references?.table)
    case 'check':
      return !now.constraints.some((one) => one.name === old.name || isEqual(one))
    case 'unique':
    case 'primary key':
      return !now.indexes.some(
        ({ isUnique, predicate, keys }) =>
          isUnique &&
          predicate === undefined &&
          sameWords(
            keys.map(({ column = '' }) => column),
            columns,
          ),
      )
    default:
      return !now.constraints.some((one) => isEqual(one) || one.name === old.name)
  }
}

/** Columns that are not null no more, and that no CHECK keeps so. */
function nowNullable(before: CatalogTable, now: CatalogTable): readonly string[] {
  return now.columns.flatMap(({ name, number, notNull }) => {
    const old = before.columns.find((column) => column.number === number)
    const isChecked = now.constraints.some(
      ({ kind, columns }) => kind === 'check' && columns.length === 1 && columns[0] === name,
    )
    return old?.notNull === true && !notNull && !isChecked ? [name] : []
  })
}
