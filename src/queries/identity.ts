import { createHash } from 'node:crypto'
import type { Query, ReviewedQuery } from '../core/model.ts'
import { normalQuery } from './normal-form.ts'

/** `<file>#<name>`; undefined for what is called by its line, and for statements of production. */
export function queryKey({ name, span }: Query): string | undefined {
  if (span === undefined || isNamedByLine(name, span.file)) return undefined
  return `${span.file}#${name}`
}

function isNamedByLine(name: string, file: string): boolean {
  return name.startsWith(`${file}:`) && /^\d+(?:#\d+)?$/.test(name.slice(file.length + 1))
}

/** Ids that stay while lines move: by the name, or by a hash of the SQL where there is none. */
export function uniqueIds(
  pairs: readonly { readonly old?: Query; readonly new?: Query }[],
): readonly ReviewedQuery[] {
  const counts = new Map<string, number>()
  const taken = new Set<string>()
  return pairs.map((pair) => {
    const query = pair.new ?? pair.old
    const id = query === undefined ? '' : idOf(query)
    let count = (counts.get(id) ?? 0) + 1
    // a query may be called `a~2`
    while (taken.has(numbered(id, count))) count += 1
    counts.set(id, count)
    taken.add(numbered(id, count))
    return { id: numbered(id, count), ...pair }
  })
}

function numbered(id: string, count: number): string {
  return count === 1 ? id : `${id}~${count}`
}

function idOf(query: Query): string {
  const key = queryKey(query)
  if (key !== undefined) return key
  const hash = createHash('sha256').update(normalQuery(query.sql)).digest('hex').slice(0, 12)
  return query.span === undefined ? `statement#${hash}` : `${query.span.file}#${hash}`
}
