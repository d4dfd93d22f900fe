import type { Snapshot } from './format.ts'
import type { ChosenColumn, ValuesChoice } from './values-choice.ts'

/**
 * Lines for the terminal: what the snapshot holds and what not.
 * @param file undefined for standard output
 * @param values what was asked for
 */
export function describeSnapshot(
  snapshot: Snapshot,
  file: string | undefined,
  values: ValuesChoice = { kind: 'none' },
): string {
  const { server, tables, statements, notRead } = snapshot
  const indexes = tables.reduce((sum, table) => sum + table.indexes.length, 0)
  const analysed = tables.filter(({ columns }) => columns !== undefined).length
  const where = file === undefined ? '' : `: ${file}`
  const lines = [
    `Snapshot of ${server.database}, Postgres ${server.version}${server.standby ? ' (standby)' : ''}${where}`,
    `  ${count(tables.length, 'table')}, ${analysed} with column statistics; ${count(indexes, 'index', 'indexes')}; ` +
      `${count(statements?.list.length ?? 0, 'statement')}.`,
  ]
  if (statements !== null) lines.push(...leftOut(statements.leftOut))
  for (const { what, remedy } of notRead) {
    lines.push(`Not read: ${what}.`)
    if (remedy !== undefined) lines.push(`  → ${remedy}`)
  }
  const shown = columnsWithValues(snapshot)
  lines.push(...valuesNotRead(shown, values))
  if (shown.length > 0) lines.push('The file holds values of columns: it is data of production.')
  return lines.join('\n')
}

type ShownColumn = Required<ChosenColumn>

function columnsWithValues({ tables }: Snapshot): readonly ShownColumn[] {
  return tables.flatMap(({ schema, name, columns = [] }) =>
    columns
      .filter((column) => column.values !== undefined)
      .map((column) => ({ schema, table: name, column: column.name })),
  )
}

function valuesNotRead(shown: readonly ShownColumn[], values: ValuesChoice): readonly string[] {
  if (values.kind === 'none') return []
  const isShown = ({ schema, table, column }: ChosenColumn): boolean =>
    shown.some(
      (one) =>
        one.table === table && one.column === column && (schema === undefined || one.schema === schema),
    )
  if (values.kind === 'all') {
    return shown.length > 0
      ? []
      : ['Not read: values of columns.', '  → They take SELECT on the tables, and ANALYZE.']
  }
  const missing = values.columns.filter((column) => !isShown(column))
  const names = missing.map(({ schema, table, column }) =>
    [...(schema === undefined ? [] : [schema]), table, column].join('.'),
  )
  return names.length === 0
    ? []
    : [
        `Not read: values of ${names.join(', ')}.`,
        '  → Look at the names; they take SELECT on the tables, and ANALYZE.',
      ]
}

function leftOut(counts: NonNullable<Snapshot['statements']>['leftOut']): string[] {
  const reasons = [
    [counts.literals, 'with literals'],
    [counts.rare, 'rarely called'],
    [counts.unparsed, 'not understood'],
  ] as const
  const parts = reasons.filter(([number]) => number > 0).map(([number, why]) => `${number} ${why}`)
  return parts.length === 0 ? [] : [`  Statements left out: ${parts.join(', ')}.`]
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`
}
