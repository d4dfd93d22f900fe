/**
 * SQL expressions that give JSON as text. Built by hand, not by json_build_object(): a key whose value is NULL is
 * left out, others are JSON's null, and the lines break where people read.
 */

/** An SQL expression whose value is JSON text, or NULL for "leave the key out". */
export type JsonSql = string

export function jsonText(expression: string): JsonSql {
  return `to_json((${expression})::text)::text`
}

/** Three digits that count: steady enough for a diff, exact enough for estimates. Never turns small into zero. */
export function jsonCount(expression: string): JsonSql {
  return `to_char((${expression})::float8, '9.99EEEE')::float8::text`
}

/** Two digits that count, for rates and what moves all day. */
export function jsonRate(expression: string): JsonSql {
  return `to_char((${expression})::float8, '9.9EEEE')::float8::text`
}

/** As it is: small whole numbers and numbers that are rounded already. */
export function jsonNumber(expression: string): JsonSql {
  return `(${expression})::text`
}

export function jsonBoolean(expression: string): JsonSql {
  return `case when ${expression} then 'true' else 'false' end`
}

/** `true`, or no key. */
export function jsonFlag(expression: string): JsonSql {
  return `case when ${expression} then 'true' end`
}

/** ISO 8601, whole seconds, UTC. */
export function jsonTime(expression: string): JsonSql {
  return `'"' || to_char((${expression}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"'`
}

/** JSON's null instead of no key. */
export function orNull(json: JsonSql): JsonSql {
  return `coalesce(${json}, 'null')`
}

/** An object; members that are NULL are left out. */
export function jsonObject(members: Readonly<Record<string, JsonSql>>): JsonSql {
  const parts = Object.entries(members).map(([key, json]) => `'"${key}": ' || (${json})`)
  return `'{' || concat_ws(', ', ${parts.join(',\n      ')}) || '}'`
}

/** An aggregate: a list with a line for each element, empty without rows. */
export function jsonList(json: JsonSql, order: string, indent = 4): JsonSql {
  const line = `chr(10) || repeat(' ', ${indent})`
  return `'[' || coalesce(${line} || string_agg(${json}, ',' || ${line} order by ${order}), '') || ']'`
}
