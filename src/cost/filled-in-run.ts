import { relationKey } from '../core/effects.ts'
import type { EvidencedEffect, MigrationResult, StatementResult } from '../core/model.ts'
import { tableFactsByKey, type Production, type TableFacts } from '../core/production.ts'
import { workOf } from './work.ts'
import { createsWithQuery } from './work-statement.ts'

/** Of more rows nobody knows how many a query lets through. */
const mostRows = 100_000

/** What the run is priced as: tables that it fills count, for what it does with them afterwards, as if they had been there. */
export interface RunWithFilledTables {
  readonly production: Production
  /** One list per migration, in order. */
  readonly statements: readonly (readonly StatementResult[])[]
}

/**
 * A table that the run makes is as small here as in production, unless it is filled from others: then it is at most as
 * large as those. Where they are large its size is not known, and what is done with it afterwards (under locks on other
 * tables) takes as long as nobody knows.
 */
export function withFilledTables(
  production: Production,
  results: readonly MigrationResult[],
): RunWithFilledTables {
  const filled = new Map<string, TableFacts | undefined>()
  // what is looked up in a list of tables is indexed once per list
  let known = production
  const statements = results.map((result) =>
    result.statements.map((one) => {
      const seen = asExisting(one, filled)
      const made = fills(seen, one, known)
      for (const [key, facts] of made) filled.set(key, facts)
      if (made.length > 0) known = { ...production, tables: tablesWith(production, filled) }
      return seen
    }),
  )
  return { production: known, statements }
}

function tablesWith(
  { tables }: Production,
  filled: ReadonlyMap<string, TableFacts | undefined>,
): readonly TableFacts[] {
  if (filled.size === 0) return tables
  // production may know another table by this name, which the run has dropped
  const others = tables.filter((table) => !filled.has(relationKey(table)))
  return [...others, ...[...filled.values()].filter((facts) => facts !== undefined)]
}

/** ANALYZE and VACUUM of it are short next to what fills it. */
function asExisting(result: StatementResult, filled: ReadonlyMap<string, unknown>): StatementResult {
  if (filled.size === 0 || result.statement.tag === 'VacuumStmt') return result
  const effects = result.effects.map((effect): EvidencedEffect => {
    if (!('relation' in effect) || !filled.has(relationKey(effect.relation))) return effect
    return { ...effect, relation: { ...effect.relation, existedBefore: true } }
  })
  return { ...result, effects }
}

/** The new tables that a statement fills from others, with what there is to know of them. */
function fills(
  seen: StatementResult,
  result: StatementResult,
  production: Production,
): readonly (readonly [string, TableFacts | undefined])[] {
  const made = newTables(result)
  const work = made.length === 0 ? undefined : workOf(seen)
  if (work === undefined || work.growth !== 'grows') return []
  const sources = new Set(work.parts.map(({ relation }) => relationKey(relation)))
  const rows = [...sources].reduce(
    (product, key) => product * (tableFactsByKey(production, key)?.rows ?? Infinity),
    1,
  )
  return made.map(({ schema, name }) => [
    relationKey({ schema, name }),
    rows <= mostRows ? { schema, name, rows, from: 'configuration' } : undefined,
  ])
}

function newTables({ statement, effects }: StatementResult): readonly Pick<TableFacts, 'schema' | 'name'>[] {
  const isQuery = createsWithQuery(statement)
  return effects.flatMap((effect) => {
    if (effect.kind === 'write' && effect.reach !== 'bounded' && !effect.relation.existedBefore)
      return [effect.relation]
    const isMade = effect.kind === 'catalog' && effect.change.type === 'create'
    return isQuery && isMade && madeKinds.has(effect.object.kind) ? [effect.object] : []
  })
}

const madeKinds: ReadonlySet<string> = new Set(['table', 'materialized view'])
