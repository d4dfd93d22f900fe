import type { PlannerColumn } from '../core/production.ts'
import type { Query } from '../core/query-model.ts'
import { arrayElements } from './array-text.ts'
import type { SizedSide } from './figures-after.ts'
import { comparisons, tableNames, type Comparison } from './parameter-comparisons.ts'
import type { ParameterChoice } from './plan.ts'

/** Finds statistics with values by the name of a table and of a column. */
export class ValueCatalog {
  readonly #columns = new Map<string, { readonly schema: string; readonly column: PlannerColumn }[]>()

  /** @param sides the first one that knows a column counts */
  constructor(sides: readonly SizedSide[]) {
    for (const { catalog, figures } of sides) {
      for (const [oid, { columns }] of figures.tables) {
        const table = catalog.tables.get(oid)
        if (table === undefined) continue
        for (const { attnum, name } of catalog.columns.get(oid) ?? []) {
          const column = columns.get(attnum)
          if (column?.mostCommon === undefined && column?.histogram === undefined) continue
          this.#add(table.schema, table.name, name, column)
        }
      }
    }
  }

  #add(schema: string, table: string, name: string, column: PlannerColumn): void {
    const key = JSON.stringify([table, name])
    const known = this.#columns.get(key)
    if (known === undefined) this.#columns.set(key, [{ schema, column }])
    else if (!known.some((one) => one.schema === schema)) known.push({ schema, column })
  }

  find(schema: string | undefined, table: string, column: string): PlannerColumn | undefined {
    const found = this.#columns.get(JSON.stringify([table, column])) ?? []
    return (schema === undefined ? found[0] : found.find((one) => one.schema === schema))?.column
  }
}

type Frequency = 'common' | 'rare'

/**
 * Values that a query is planned with besides any: those that most rows have, and rare ones. Postgres plans with the
 * values at hand most of the time (choose_custom_plan(), plancache.c), and they decide between an index and a scan.
 */
export function representativeChoices(query: Query, values: ValueCatalog): readonly ParameterChoice[] {
  if (query.parameters.length === 0) return []
  const tables = tableNames(query.node)
  const known = comparisons(query.node).flatMap((comparison) => {
    const owners = tables.filter(
      ({ alias, name }) => comparison.table === undefined || comparison.table === (alias ?? name),
    )
    for (const { schema, name } of owners) {
      const column = values.find(schema, name, comparison.column)
      if (column !== undefined) return [{ comparison, column }]
    }
    return []
  })
  const choices = (['common', 'rare'] as const).flatMap((frequency) => choice(known, frequency) ?? [])
  const [common, rare] = choices
  return common !== undefined && rare?.description === common.description ? [common] : choices
}

interface KnownComparison {
  readonly comparison: Comparison
  readonly column: PlannerColumn
}

function choice(known: readonly KnownComparison[], frequency: Frequency): ParameterChoice | undefined {
  const literals = new Map<number, string>()
  const words: string[] = []
  for (const { comparison, column } of known) {
    if (literals.has(comparison.parameter)) continue
    const hasOtherBound = known.some(
      ({ comparison: other }) =>
        other.column === comparison.column &&
        other.table === comparison.table &&
        other.operator !== comparison.operator &&
        /^[<>]/.test(other.operator) &&
        other.parameter !== comparison.parameter,
    )
    const value = valueFor(comparison, column, frequency, hasOtherBound)
    if (value === undefined) continue
    const literal = `'${value.replaceAll("'", "''")}'`
    literals.set(
      comparison.parameter,
      value.includes('\\') ? ` e${literal.replaceAll('\\', '\\\\')}` : literal,
    )
    words.push(`${comparison.column} ${operatorWord(comparison.operator)} ${shown(literal)}`)
  }
  return literals.size === 0 ? undefined : { description: words.join(', '), literals }
}

function operatorWord(operator: Comparison['operator']): string {
  return operator === 'any' ? '= any' : operator
}

const mostShown = 40

function shown(literal: string): string {
  return literal.length <= mostShown ? literal : `${literal.slice(0, mostShown - 2)}…'`
}

function valueFor(
  { operator }: Comparison,
  column: PlannerColumn,
  frequency: Frequency,
  hasOtherBound: boolean,
): string | undefined {
  const common = elements(column.mostCommon)
  const bounds = elements(column.histogram)
  const at = (share: number): string | undefined =>
    bounds.length > 0 ? bounds[Math.min(bounds.length - 1, Math.floor(bounds.length * share))] : undefined
  const isRare = frequency === 'rare'
  switch (operator) {
    case '=':
      return isRare ? (at(0.5) ?? common.at(-1)) : (common[0] ?? at(0.5))
    case 'any': {
      const value = isRare ? (at(0.5) ?? common.at(-1)) : (common[0] ?? at(0.5))
      return value === undefined ? undefined : `{"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"}`
    }
    case '~~':
      return prefixPattern(isRare ? (at(0.5) ?? common.at(-1)) : (common[0] ?? at(0.5)))
    case '>':
    case '>=':
      return at(isRare ? (hasOtherBound ? 0.9 : 0.95) : 0.1)
    case '<':
    case '<=':
      return at(isRare ? (hasOtherBound ? 0.95 : 0.05) : 0.9)
  }
}

const prefixCharacters = 4

function prefixPattern(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined
  return `${[...value]
    .slice(0, prefixCharacters)
    .join('')
    .replaceAll(/[%_\\]/g, '_')}%`
}

/** Without the longest values: nobody searches for those. */
function elements(text: string | undefined): readonly string[] {
  return text === undefined ? [] : (arrayElements(text) ?? []).filter(({ length }) => length <= 1000)
}
