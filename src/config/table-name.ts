/** A table as the configuration names it. */
export interface TableName {
  readonly schema: string
  readonly name: string
}

const word = /"(?:[^"]|"")+"|[^\s".,;()'[\]]+/.source
const qualified = new RegExp(`^(?:(${word})\\.)?(${word})$`, 'u')

/**
 * The table that `users`, `billing.invoices` or `billing."Invoice"` names, read as SQL reads it: without double quotes
 * in lower case, without a schema in public. Undefined when it is no name.
 */
export function parseTableName(text: string): TableName | undefined {
  const [, schema, name] = qualified.exec(text.trim()) ?? []
  if (name === undefined) return undefined
  return { schema: schema === undefined ? 'public' : unquote(schema), name: unquote(name) }
}

function unquote(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase()
}
