/** Every keyword that pg_get_keywords() of PostgreSQL 18 does not call unreserved: quote_ident() quotes exactly these. */
const quotedKeywords: ReadonlySet<string> = new Set(
  (
    'all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both ' +
    'case cast char character check coalesce collate collation column concurrently constraint create cross ' +
    'current_catalog current_date current_role current_schema current_time current_timestamp current_user dec ' +
    'decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign ' +
    'freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect ' +
    'interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg ' +
    'json_query json_scalar json_serialize json_table json_value lateral leading least left like limit ' +
    'localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif ' +
    'numeric offset on only or order out outer overlaps overlay placing position precision primary real ' +
    'references returning right row select session_user setof similar smallint some substring symmetric ' +
    'system_user table tablesample then time timestamp to trailing treat trim true union unique user using ' +
    'values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists ' +
    'xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable'
  ).split(' '),
)

/** The identifier as SQL: in double quotes only where Postgres needs them, as quote_ident() does. */
export function quoteIdent(name: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(name) && !quotedKeywords.has(name)) return name
  return `"${name.replaceAll('"', '""')}"`
}

/** `orders` for public.orders, `billing."Invoice"` otherwise: what a user can paste. */
export function quoteName(object: { readonly schema: string; readonly name: string }): string {
  const { schema, name } = object
  return schema === '' || schema === 'public' ? quoteIdent(name) : `${quoteIdent(schema)}.${quoteIdent(name)}`
}

/** The string as an SQL literal, whatever standard_conforming_strings says. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/**
 * A name made of parts, cut to the 63 bytes that Postgres keeps (NAMEDATALEN - 1), so that the name in the SQL
 * is the name in the catalogue.
 */
export function objectName(...parts: readonly string[]): string {
  const name = parts.join('_')
  const encoder = new TextEncoder()
  let end = name.length
  while (encoder.encode(name.slice(0, end)).length > 63) end -= 1
  return name.slice(0, end)
}

/** A dollar quote for the text: `$$`, else one with the word in it that the text does not have. */
export function dollarTag(word: string, text: string): string {
  let tag = '$$'
  for (let at = 1; text.includes(tag); at++) tag = at === 1 ? `$${word}$` : `$${word}_${at}$`
  return tag
}
