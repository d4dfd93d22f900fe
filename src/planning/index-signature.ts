import type { CatalogIndex } from './side-catalog.ts'

/**
 * What an index serves, without its name, casts and storage parameters: `btree(customer_id, lower(email)) WHERE …`.
 * Two indexes of a table with the same one serve alike.
 */
export function indexSignature({
  method,
  definition,
  predicate,
}: Pick<CatalogIndex, 'method' | 'definition' | 'predicate'>): string {
  const start = definition.indexOf(` USING ${method} (`)
  const rest = start < 0 ? definition : definition.slice(start + ` USING ${method} `.length)
  const where = predicate === null ? '' : ` WHERE ${predicate}`
  const columns = (where === '' ? rest : (rest.split(' WHERE ')[0] ?? ''))
    .replace(/ WITH \([^)]*\)/, '')
    .replace(/ TABLESPACE .*$/, '')
  return withoutCasts(`${method}${columns}${where}`)
}

/** A change of type leaves other casts in expressions: `lower((email)::text)`. */
export function withoutCasts(expression: string): string {
  return expression
    .replaceAll(
      /::(?:"[^"]*"|[a-z_]\w*(?:\."?\w+"?)?)(?: (?:varying|precision|with(?:out)? time zone))?(?:\(\d+(?:,\d+)?\))?(?:\[\])?/g,
      '',
    )
    .replaceAll(/\((\w+|"[^"]+")\)/g, (whole: string, name: string, at: number, all: string) =>
      /[\w"]$|INCLUDE $/.test(all.slice(0, at)) ? whole : name,
    )
}
