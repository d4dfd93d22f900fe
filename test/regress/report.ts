import type { AlterTableStmt, DropStmt } from '@pgsql/types'
import type { Statement } from '../../src/core/model.ts'
import { groupBy } from '../../src/core/groups.ts'
import { isSchemaChange, type Disagreement, type FileOutcome } from './rehearse-file.ts'

/** One line for a file. */
export function fileLine(outcome: FileOutcome): string {
  const { file, statements, replayed, unparsed, disagreements, compared, seconds, cutShort } = outcome
  const parts = [
    file.padEnd(28),
    `${statements}`.padStart(5),
    `${replayed}`.padStart(6),
    `${unparsed.length}`.padStart(4),
    `${compared - disagreements.length} of ${compared}`.padStart(14),
    percent(compared - disagreements.length, compared),
    `${seconds.toFixed(1)} s`.padStart(8),
  ]
  return `${parts.join(' ')}${cutShort === undefined ? '' : `  cut short: ${cutShort}`}`
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '      -' : `${((100 * part) / whole).toFixed(1)} %`.padStart(7)
}

/** Totals, and what disagrees most often. */
export function summary(outcomes: readonly FileOutcome[], details: boolean): string {
  const sum = (count: (outcome: FileOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0)
  const apart = outcomes.flatMap(({ file, disagreements }) => disagreements.map((one) => ({ file, ...one })))
  const compared = sum((one) => one.compared)
  const withEffects = sum((one) => one.withEffects)
  const schemaChanges = sum((one) => one.schemaChanges)
  const apartInSchema = apart.filter((one) => one.hasEffects && isSchemaChange(one.statement)).length
  const apartWithEffects = apart.filter(({ hasEffects }) => hasEffects).length
  return [
    '',
    `${outcomes.length} files, ${sum((one) => one.statements)} statements, ${sum((one) => one.replayed)} replayed, ` +
      `of those ${sum((one) => one.unparsed.length)} that our parser does not know ` +
      `and ${sum((one) => one.unknown)} that the prediction says it cannot see into.`,
    `Prediction and measurement agree on ${compared - apart.length} of ${compared} statements (${percent(compared - apart.length, compared).trim()}),`,
    `and on ${withEffects - apartWithEffects} of ${withEffects} (${percent(withEffects - apartWithEffects, withEffects).trim()}) of those that lock, rewrite or scan anything that existed before;`,
    `of those that are no queries and run none, on ${schemaChanges - apartInSchema} of ${schemaChanges} (${percent(schemaChanges - apartInSchema, schemaChanges).trim()}).`,
    '',
    'Most frequent disagreements:',
    ...mostFrequent(apart),
    ...(details ? apart.map(detail) : []),
    ...(details
      ? outcomes.flatMap(({ file, unparsed }) => unparsed.map((sql) => `UNPARSED ${file}:${sql}`))
      : []),
  ].join('\n')
}

type Placed = Disagreement & { readonly file: string }

function detail({ file, statement, differences }: Placed): string {
  const sql = statement.sql.replace(/\s+/g, ' ').slice(0, 300)
  return `${file}:${statement.span.start.line} ${sql}\n    ${differences.join('\n    ')}`
}

function mostFrequent(apart: readonly Placed[]): readonly string[] {
  const groups = groupBy(
    apart.flatMap((one) => one.differences.map((difference) => ({ ...one, difference }))),
    ({ statement, difference }) => `${formOf(statement)}: ${difference.replace(/ (?:on|of) \S+/, '')}`,
  )
  return [...groups]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .slice(0, 30)
    .map(([form, [first, ...more]]) => {
      const example = first === undefined ? '' : `${first.file}:${first.statement.span.start.line}`
      return `${String(more.length + 1).padStart(5)} ${form}, first in ${example}`
    })
}

function formOf({ tag, node }: Statement): string {
  if (tag === 'AlterTableStmt') {
    const { cmds = [] } = node as AlterTableStmt
    const subtypes = cmds.map((command) =>
      'AlterTableCmd' in command ? command.AlterTableCmd.subtype : undefined,
    )
    return `ALTER TABLE ${[...new Set(subtypes)].join('+')}`
  }
  if (tag === 'DropStmt') return `DROP ${(node as DropStmt).removeType?.slice('OBJECT_'.length)}`
  if (tag === 'RenameStmt') return `RENAME ${String(node?.['renameType']).slice('OBJECT_'.length)}`
  return tag
}
