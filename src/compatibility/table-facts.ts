import { escapeLiteral } from 'pg'

/** A relation that a query names, on one schema. */
export interface TableFacts {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** pg_class.relkind. */
  readonly kind: string
  /** A BEFORE INSERT trigger for each row may give columns a value. */
  readonly hasInsertTrigger: boolean
  /** ON INSERT DO INSTEAD: the INSERT may do something else. */
  readonly hasInsertRule: boolean
  readonly columns: readonly ColumnFact[]
}

export interface ColumnFact {
  readonly number: number
  readonly name: string
  readonly notNull: boolean
  /** A default, an identity, a generated value; also of its domain. */
  readonly isFilled: boolean
  /** `GENERATED ALWAYS AS (…)`: COPY leaves it out. */
  readonly isGenerated: boolean
  readonly exactType: string
}

/** Name as in the query, then the facts as JSON. Run by the migrator with the application's search_path. */
export function tableFactsSql(names: readonly string[]): string {
  return `select named.name, pg_catalog.json_build_object(
    'oid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
    'hasInsertTrigger', exists (select from pg_catalog.pg_trigger t where t.tgrelid = c.oid
      and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 7 = 7),
    'hasInsertRule', exists (select from pg_catalog.pg_rewrite r where r.ev_class = c.oid
      and r.ev_type = '3' and r.is_instead),
    'columns', coalesce((select pg_catalog.json_agg(pg_catalog.json_build_object(
      'number', a.attnum, 'name', a.attname,
      'notNull', a.attnotnull or d.typtype = 'd' and (d.typnotnull or coalesce(b.typtype = 'd' and b.typnotnull, false)),
      'isFilled', a.atthasdef or a.attidentity <> '' or d.typdefault is not null,
      'isGenerated', a.attgenerated <> '',
      'exactType', pg_catalog.concat(a.atttypid, '/', a.atttypmod, '/', a.attcollation)) order by a.attnum)
      from pg_catalog.pg_attribute a
      join pg_catalog.pg_type d on d.oid = a.atttypid
      left join pg_catalog.pg_type b on b.oid = d.typbasetype
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'))
    from pg_catalog.unnest(array[${names.map((name) => escapeLiteral(name)).join(', ')}]::text[]) named(name)
    join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(named.name)
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace`
}

/** The rows of {@link tableFactsSql}. */
export function decodeTableFacts(
  rows: readonly (readonly (string | null)[])[],
): ReadonlyMap<string, TableFacts> {
  return new Map(rows.map(([name, facts]) => [name ?? '', JSON.parse(facts ?? '{}') as TableFacts]))
}
