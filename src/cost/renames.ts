import { existingTableLocks, relationKey } from '../core/effects.ts'
import type { CatalogEffect, Effect, MigrationResult } from '../core/model.ts'
import { tableFactsByKey, type Production, type TableFacts } from '../core/production.ts'

/**
 * Production with facts also for the names that the run gives to tables. A name may mean one table first and another one
 * later, as when two tables change places: its facts are then the larger ones, and none where one of the tables is not
 * known, so that no large table is taken for the small one whose name it gets. `renamed`: those names, `schema.name`.
 */
export function withRenames(
  production: Production,
  results: readonly MigrationResult[],
): { readonly production: Production; readonly renamed: ReadonlySet<string> } {
  const renamed = new Renames(production)
  for (const { effects } of results.flatMap(({ statements }) => statements)) renamed.see(effects)
  if (renamed.tables.size === 0) return { production, renamed: new Set() }
  const others = production.tables.filter((table) => !renamed.tables.has(relationKey(table)))
  const known = [...renamed.tables.values()].flatMap(({ schema, name, bearers }) => {
    const facts = [...bearers].flatMap((key) => tableFactsByKey(production, key) ?? [])
    return facts.length < bearers.size ? [] : [{ ...facts.reduce(larger), schema, name }]
  })
  return {
    production: { ...production, tables: [...others, ...known] },
    renamed: new Set(renamed.tables.keys()),
  }
}

interface Renamed extends Names {
  /** `schema.name`, before the run, of the tables that bear the name at some time. */
  readonly bearers: ReadonlySet<string>
}

type Names = Pick<TableFacts, 'schema' | 'name'>

/** The names that tables get in a run. */
class Renames {
  readonly tables = new Map<string, Renamed>()
  private readonly production: Production
  /** Tables that the run has used under these names before it renamed something. */
  private readonly seen = new Set<string>()

  constructor(production: Production) {
    this.production = production
  }

  see(effects: readonly Effect[]): void {
    for (const { relation } of existingTableLocks(effects)) this.seen.add(relationKey(relation))
    for (const effect of effects) if (effect.kind === 'catalog') this.rename(effect)
  }

  private rename({ object, change }: CatalogEffect): void {
    if (change.type !== 'rename' && change.type !== 'move schema') return
    if (object.kind === 'schema') {
      const tables = this.production.tables.filter(({ schema }) => schema === object.name)
      for (const { schema, name } of tables) this.add({ schema, name }, { schema: change.to, name })
    } else {
      const { schema, name } = object
      this.add(object, change.type === 'rename' ? { schema, name: change.to } : { schema: change.to, name })
    }
  }

  private add(from: Names, to: Names): void {
    const key = relationKey(to)
    const isOther = this.seen.has(key) || tableFactsByKey(this.production, key) !== undefined
    const known = this.tables.get(key)?.bearers ?? (isOther ? [key] : [])
    const bearers = this.tables.get(relationKey(from))?.bearers ?? [relationKey(from)]
    this.tables.set(key, { ...to, bearers: new Set([...known, ...bearers]) })
  }
}

function larger(a: TableFacts, b: TableFacts): TableFacts {
  const [most, other] = a.rows >= b.rows ? [a, b] : [b, a]
  const heapBytes = Math.max(most.heapBytes ?? 0, other.heapBytes ?? 0)
  return { ...most, ...(most.heapBytes === undefined ? {} : { heapBytes }) }
}
