/** Functions, types and sequences that the review renames, moves or takes away; tables have effects of their own. */
import { fullNameOf } from './schema-changes.ts'
import type { SchemaCatalog, SchemaCatalogs } from './schema-catalog.ts'

/** Something that code calls by its name, besides tables. */
export interface NamedObject {
  readonly kind: 'function' | 'procedure' | 'type' | 'sequence'
  readonly id: number
  readonly schema: string
  readonly name: string
}

/** Not trigger functions, which no code calls, nor sequences of columns, nor what is only a table's. */
function namedObjects({ routines = [], types = [], sequences = [] }: SchemaCatalog): readonly NamedObject[] {
  return [
    ...routines
      .filter(
        ({ returns, kind }) => returns !== 'trigger' && returns !== 'event_trigger' && kind !== 'aggregate',
      )
      .map(({ kind, ...one }) => named(kind === 'procedure' ? kind : 'function', one)),
    ...types.map((one) => named('type', one)),
    ...sequences.filter(({ ownedBy }) => ownedBy === undefined).map((one) => named('sequence', one)),
  ]
}

function named(kind: NamedObject['kind'], { id, schema, name }: Omit<NamedObject, 'kind'>): NamedObject {
  return { kind, id, schema, name }
}

/** Objects whose names nothing has after the review: dropped (no `to`), or called otherwise. Schemas that are gone left out. */
export function lostNames({
  before,
  after,
}: SchemaCatalogs): readonly { readonly from: NamedObject; readonly to?: NamedObject }[] {
  const now = namedObjects(after)
  const byId = new Map(now.map((one) => [`${one.kind} ${one.id}`, one]))
  const names = new Set(now.map((one) => `${one.kind} ${fullNameOf(one)}`))
  const left = new Set(after.schemas?.map(({ name }) => name))
  const gone = new Set(before.schemas?.map(({ name }) => name).filter((name) => !left.has(name)))
  return namedObjects(before)
    .filter((from) => !gone.has(from.schema) && !names.has(`${from.kind} ${fullNameOf(from)}`))
    .map((from) => {
      const to = byId.get(`${from.kind} ${from.id}`)
      return to === undefined ? { from } : { from, to }
    })
}

/** Schemas whose tables are in another one after the review, which was not there before. */
export function renamedSchemas({
  before,
  after,
}: SchemaCatalogs): readonly { readonly from: string; readonly to: string }[] {
  const old = new Set(before.schemas?.map(({ name }) => name))
  const present = new Set(after.schemas?.map(({ name }) => name))
  const homes = new Map(after.tables.map(({ id, schema }) => [id, schema]))
  const found = new Map<string, string>()
  for (const { id, schema } of before.tables) {
    const home = homes.get(id)
    if (home !== undefined && old.has(schema) && !present.has(schema) && !old.has(home))
      found.set(schema, home)
  }
  return [...found].map(([from, to]) => ({ from, to }))
}

/** Labels of enums that are called otherwise: as many as before, in the same places. */
export function renamedLabels({ before, after }: SchemaCatalogs): readonly {
  readonly type: NamedObject
  readonly from: string
  readonly to: string
}[] {
  const byId = new Map(after.types?.map((type) => [type.id, type]))
  return (before.types ?? []).flatMap((old) => {
    const type = byId.get(old.id)
    const [was = [], is = []] = [old.labels, type?.labels]
    if (type === undefined) return []
    return was.flatMap((from) => {
      const at = is.indexOf(from)
      const to =
        at === -1
          ? is.filter((label) => !was.includes(label))[
              was.filter((label) => !is.includes(label)).indexOf(from)
            ]
          : undefined
      return to === undefined ? [] : [{ type: named('type', type), from, to }]
    })
  })
}
