import { quoteLiteral } from '../postgres/quote.ts'
import { toolSchema } from '../postgres/event-triggers.ts'

/** A value for a parameter of the broker; `{ sql }` is an expression that the session itself evaluates. */
export type Argument = string | boolean | null | undefined | readonly string[] | { readonly sql: string }

/** A call of one of the broker's functions. Literals are safe whatever standard_conforming_strings says. */
export function call(name: string, ...values: readonly Argument[]): string {
  return `select ${toolSchema}.${name}(${values.map(argumentSql).join(', ')})`
}

function argumentSql(value: Argument): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quoteLiteral(value)
  if ('sql' in value) return value.sql
  return `array[${value.map(quoteLiteral).join(', ')}]::pg_catalog.text[]`
}
