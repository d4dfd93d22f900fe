/** The section "Your queries" in markdown. */

import { tableCell } from './markdown-text.ts'
import { commaList, markdownPieces, type Pieces, type Place } from './pieces.ts'
import { queriesSection, queriesTitle, type QueriesSection, type QueryRow } from './queries-section.ts'
import type { Report } from '../core/model.ts'

/** Rows are read from the top; nobody reads more. */
export const maxQueryRows = 20

/** Three columns: with more, the last ones are out of sight in the width of a note. */
const head = '| query | what happens | why |\n|---|---|---|'

/** Heading, counts, table: nothing when the report has no such section. `maxRows` is a cap beside our own. */
export function queriesMarkdown(report: Report, maxRows: number): readonly string[] {
  const section = queriesSection(report)
  if (section === undefined) return []
  const rows = section.rows.slice(0, Math.min(maxRows, maxQueryRows)).map((row) => queryRow(row))
  return [
    `### ${queriesTitle}`,
    queriesSummary(section),
    ...queriesTable(rows, section.rows.length - rows.length + section.unlisted),
    ...notCheckableMarkdown(section),
  ]
}

/** Counts, order of deployment, what plans rest on. */
export function queriesSummary({ counts, facts }: QueriesSection, place?: PlaceMarkdown): string {
  return [counts, ...facts.map((fact) => markdownPieces(fact, place))].join(' ')
}

/** How a format writes a file and a line. */
export type PlaceMarkdown = (place: Place) => string

/** The table with these rows, and how many are left out. */
export function queriesTable(rows: readonly string[], more: number): readonly string[] {
  return [
    ...(rows.length === 0 ? [] : [[head, ...rows].join('\n')]),
    ...(more > 0 ? [`… and ${more} more, in the HTML and JSON reports.`] : []),
  ]
}

/** A row of the table. */
export function queryRow({ name, where, rate, what, why }: QueryRow, place?: PlaceMarkdown): string {
  const facts: readonly Pieces[] = [
    ...(where.length === 0 ? [] : [where]),
    ...(rate === undefined ? [] : [[rate]]),
  ]
  const cells = [[name, commaList(facts)], [[what]], why].map((lines) =>
    lines
      .filter((line) => line.length > 0)
      .map((line) => markdownPieces(line, place))
      .join('<br>'),
  )
  return `| ${cells.map(tableCell).join(' | ')} |`
}

/** A list of the queries that cannot be checked, with a line above it. */
function notCheckableMarkdown(
  { notCheckable, notCheckableMore }: QueriesSection,
  place?: PlaceMarkdown,
): readonly string[] {
  if (notCheckable.length === 0) return []
  const items = notCheckable.map((query) => `- ${markdownPieces(query, place)}`)
  return [
    'Not checkable:',
    [...items, ...(notCheckableMore > 0 ? [`- … and ${notCheckableMore} more`] : [])].join('\n'),
  ]
}
