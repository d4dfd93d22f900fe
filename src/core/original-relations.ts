import { relationKey } from './effects.ts'
import type { CatalogEffect, LockEffect, MigrationResult, Relation } from './model.ts'

/**
 * The locks on what existed before the run, each with the relation's name as it was then (`schema.name`): a statement
 * gives the name that the relation has when it begins, and earlier ones may have renamed it.
 */
export function originalRelations(results: readonly MigrationResult[]): ReadonlyMap<LockEffect, string> {
  const names = new OriginalNames()
  const originals = new Map<LockEffect, string>()
  for (const { effects } of results.flatMap(({ statements }) => statements)) {
    for (const effect of effects) {
      if (effect.kind === 'lock' && effect.relation.existedBefore) {
        originals.set(effect, names.of(relationKey(effect.relation)))
      }
    }
    for (const effect of effects) if (effect.kind === 'catalog') names.see(effect)
  }
  return originals
}

const relationKinds: ReadonlySet<string> = new Set([
  'table',
  'partitioned table',
  'foreign table',
  'view',
  'materialized view',
  'sequence',
  'index',
  'partitioned index',
])

/** What relations were called before they were renamed. */
class OriginalNames {
  private readonly relations = new Map<string, string>()
  private readonly schemas = new Map<string, string>()

  /** @param key `schema.name` as of now */
  of(key: string): string {
    const known = this.relations.get(key)
    if (known !== undefined) return known
    for (const [to, from] of this.schemas) {
      if (key.startsWith(`${to}.`)) return `${from}${key.slice(to.length)}`
    }
    return key
  }

  see({ object, change, existedBefore }: CatalogEffect): void {
    if (change.type !== 'rename' && change.type !== 'move schema') return
    if (object.kind === 'schema') return this.renameSchema(change.from, change.to)
    if (!relationKinds.has(object.kind)) return
    const { schema, name } = object
    const to: Pick<Relation, 'schema' | 'name'> =
      change.type === 'rename' ? { schema, name: change.to } : { schema: change.to, name }
    this.rename(relationKey({ schema, name }), relationKey(to), existedBefore)
  }

  private rename(from: string, to: string, existedBefore: boolean): void {
    const original = this.of(from)
    this.relations.delete(from)
    // what the run made is left out anyway
    if (existedBefore) this.relations.set(to, original)
  }

  private renameSchema(from: string, to: string): void {
    for (const [key, original] of this.relations) {
      if (!key.startsWith(`${from}.`)) continue
      this.relations.delete(key)
      this.relations.set(`${to}${key.slice(from.length)}`, original)
    }
    this.schemas.set(to, this.schemas.get(from) ?? from)
    this.schemas.delete(from)
  }
}
