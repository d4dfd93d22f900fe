import type { SeedCatalog, SeedColumn, SeedTable, SeedTarget, SeedType } from './seed-catalog.ts'
import { hintedValues, readPredicate, type Hints, type Predicate } from './seed-checks.ts'
import { seedValues, type SeedPlace } from './seed-values.ts'

/** Row i goes to leaf i, and round again. */
export function targetOf(table: SeedTable, row: number): SeedTarget | undefined {
  return table.targets[(row - 1) % table.targets.length]
}

/** CHECKs and bounds of a target, as far as our parser follows them. */
export function predicatesOf(target: SeedTarget): readonly Predicate[] {
  const sql = target.bound === null ? target.checks : [...target.checks, target.bound]
  return sql.map(predicate).filter((one) => one !== undefined)
}

/** The partition's bounds, when it is one and our parser follows. */
export function boundPredicate(target: SeedTarget): Predicate | undefined {
  return target.bound === null ? undefined : predicate(target.bound)
}

const parsed = new Map<string, Predicate | undefined>()
/** Enough for one schema; a process that sees many starts afresh now and then. */
const mostParsed = 10_000

/** {@link readPredicate}, once per expression: every row asks again. */
function predicate(sql: string): Predicate | undefined {
  if (!parsed.has(sql)) {
    if (parsed.size >= mostParsed) parsed.clear()
    parsed.set(sql, readPredicate(sql))
  }
  return parsed.get(sql)
}

/** A domain's chain down to its base type; empty for other types. */
export function domainsOf(catalog: SeedCatalog, oid: number): readonly SeedType[] {
  const type = catalog.types.get(oid)
  return type?.kind === 'd' ? [type, ...domainsOf(catalog, type.base)] : []
}

/** The type under all domains, written so that a cast to it changes nothing. */
export function baseTypeOf(catalog: SeedCatalog, oid: number): SeedType | undefined {
  const type = catalog.types.get(oid)
  return type?.kind === 'd' ? baseTypeOf(catalog, type.base) : type
}

/** The CHECKs of a column's domains; they call the value `value`. */
export function domainPredicates(catalog: SeedCatalog, oid: number): readonly Predicate[] {
  const checks = domainsOf(catalog, oid).flatMap((domain) => domain.checks ?? [])
  return checks.map(predicate).filter((one) => one !== undefined)
}

/** Literals for a column, the likeliest first, those that its conditions suggest before the exotic ones. */
export function literalsFor(
  catalog: SeedCatalog,
  column: Pick<SeedColumn, 'type' | 'typmod'>,
  hints: Hints,
  place: SeedPlace,
): readonly string[] {
  const own = seedValues(catalog.types, column.type, column.typmod, place)
  const category = baseTypeOf(catalog, column.type)?.category ?? 'U'
  const hinted = hintedValues(hints, category, place.row)
  // A hash partition takes some keys and not others: offer many.
  const spread = hints.hashed
    ? Array.from(
        { length: 63 },
        (_, index) =>
          seedValues(catalog.types, column.type, column.typmod, {
            ...place,
            slot: place.slot + 1000 + index,
            key: true,
          })[0],
      )
    : []
  const [first, ...rest] = own
  const all = [first, ...hinted, ...spread, ...rest].filter((text) => text !== undefined)
  return [...new Set(all)]
}
