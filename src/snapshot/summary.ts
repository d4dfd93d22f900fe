import type { Snapshot } from './format.ts'

/** Lines for the terminal: what the snapshot holds and what not. `file` is undefined for standard output. */
export function describeSnapshot(snapshot: Snapshot, file: string | undefined): string {
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
  if (snapshot.containsValues) lines.push('The file holds values of columns: it is data of production.')
  return lines.join('\n')
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
