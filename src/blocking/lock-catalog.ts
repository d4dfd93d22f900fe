/** The schema as locks see it: read once, then asked for every query. */
import type { Client } from 'pg'
import { groupBy } from '../core/groups.ts'
import type { Relation } from '../core/model.ts'
import type { UnwrappedNode } from '../sql/ast.ts'
import type { QualifiedName, SearchPath } from '../sql/names.ts'
import { parseOne } from '../sql/parse-one.ts'
import {
  columnsSql,
  constraintsSql,
  functionsSql,
  inheritsSql,
  policiesSql,
  relationsSql,
  rulesSql,
  sequencesSql,
  triggersSql,
} from './lock-catalog-sql.ts'

/** int8 comes as text. */
export type Oid = string

export interface LockColumn {
  readonly oid: Oid
  readonly number: number
  readonly name: string
  readonly generated: boolean
  readonly default_expression: string | null
  /** `a`: GENERATED ALWAYS, `d`: BY DEFAULT. */
  readonly identity: string | null
  readonly domain_oid: Oid | null
  readonly type_fills: boolean
}

export interface LockTrigger {
  readonly oid: Oid
  readonly name: string
  /** Bits of pg_trigger.tgtype. */
  readonly type: number
  readonly internal: boolean
  readonly function_oid: Oid
  readonly function_name: string
  readonly constraint_oid: Oid
  /** UPDATE OF these. */
  readonly columns: readonly string[] | null
  /** When it has a WHEN. */
  readonly definition: string | null
}

export interface LockConstraint {
  readonly oid: Oid
  /** Of a partition: that of its table; else `0`. */
  readonly parent_oid: Oid
  readonly name: string
  readonly type: 'c' | 'f'
  readonly table_oid: Oid
  readonly type_oid: Oid
  readonly referenced_oid: Oid
  readonly columns: readonly number[]
  readonly referenced_columns: readonly number[] | null
  readonly match_full: boolean
  readonly set_columns: readonly number[] | null
  readonly expression: string | null
}

export interface LockFunction {
  readonly oid: Oid
  readonly schema: string
  readonly name: string
  readonly arguments: number
  readonly defaults: number
  readonly variadic: boolean
  readonly language: string
  readonly definition: string | null
  readonly source: string
  /** e.g. `search_path=app, public` */
  readonly settings: readonly string[] | null
  readonly parts: readonly Oid[] | null
}

export interface LockRule {
  readonly oid: Oid
  readonly name: string
  /** 1 SELECT, 2 UPDATE, 3 INSERT, 4 DELETE. */
  readonly event: string
  readonly instead: boolean
  readonly conditional: boolean
  readonly definition: string
}

export interface LockPolicy {
  readonly oid: Oid
  readonly name: string
  /** `r` SELECT, `a` INSERT, `w` UPDATE, `d` DELETE, `*` all. */
  readonly command: string
  readonly condition: string | null
  readonly check: string | null
}

interface RelationRow {
  readonly oid: Oid
  readonly relkind: string
  readonly schema: string
  readonly name: string
  readonly is_partition: boolean
  readonly row_security: boolean
  readonly table_oid: Oid | null
  readonly definition: string | null
  readonly index_expressions: string | null
  readonly index_predicate: string | null
  readonly key_columns: readonly number[] | null
  readonly key_expressions: string | null
}

/** A relation with everything that hangs on it. */
export interface LockRelation extends RelationRow {
  readonly kind: Relation['kind']
  readonly columns: readonly LockColumn[]
  readonly indexes: readonly LockRelation[]
  readonly children: readonly Oid[]
  readonly parents: readonly Oid[]
  readonly triggers: readonly LockTrigger[]
  readonly rules: readonly LockRule[]
  readonly policies: readonly LockPolicy[]
  readonly checks: readonly string[]
}

const kinds: Readonly<Record<string, Relation['kind']>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  S: 'sequence',
  i: 'index',
  I: 'partitioned index',
}

/** Relations, functions and constraints by oid and by name. */
export class LockCatalog {
  readonly serverMajor: number
  private readonly relations: ReadonlyMap<Oid, LockRelation>
  private readonly byName: ReadonlyMap<string, LockRelation>
  private readonly functions: ReadonlyMap<Oid, LockFunction>
  private readonly functionsByName: ReadonlyMap<string, readonly LockFunction[]>
  private readonly constraints: ReadonlyMap<Oid, LockConstraint>
  private readonly domainChecks: ReadonlyMap<Oid, readonly string[]>
  private readonly sequences: ReadonlyMap<string, Oid>
  private readonly parses = new Map<string, UnwrappedNode | undefined>()

  private constructor(rows: CatalogRows, serverMajor: number) {
    this.serverMajor = serverMajor
    this.relations = gatherRelations(rows)
    this.byName = new Map(
      [...this.relations.values()].map((one) => [nameKey(one.schema, one.name), one] as const),
    )
    this.functions = new Map(rows.functions.map((one) => [one.oid, one] as const))
    this.functionsByName = groupBy(rows.functions, ({ name }) => name)
    this.constraints = new Map(rows.constraints.map((one) => [one.oid, one] as const))
    const onDomains = rows.constraints.filter(({ type_oid: type }) => type !== '0')
    this.domainChecks = mapValues(
      groupBy(onDomains, ({ type_oid: type }) => type),
      expressionsOf,
    )
    this.sequences = new Map(
      rows.sequences.map(
        ({ oid, number, sequence_oid: sequence }) => [`${oid}.${number}`, sequence] as const,
      ),
    )
  }

  /** @param client with `search_path = pg_catalog` */
  static async read(client: Client, serverMajor: number): Promise<LockCatalog> {
    const rowsOf = async <Row extends object>(sql: string): Promise<readonly Row[]> =>
      (await client.query<Row>(sql)).rows
    const rows = {
      relations: await rowsOf<RelationRow>(relationsSql),
      columns: await rowsOf<LockColumn>(columnsSql),
      sequences: await rowsOf<SequenceRow>(sequencesSql),
      inherits: await rowsOf<{ child: Oid; parent: Oid }>(inheritsSql),
      triggers: await rowsOf<LockTrigger>(triggersSql),
      constraints: await rowsOf<LockConstraint>(constraintsSql(serverMajor)),
      functions: await rowsOf<LockFunction>(functionsSql),
      rules: await rowsOf<LockRule>(rulesSql),
      policies: await rowsOf<LockPolicy>(policiesSql),
    }
    return new LockCatalog(rows, serverMajor)
  }

  /** Parses what the catalogue printed, once. */
  parsed(sql: string): UnwrappedNode | undefined {
    if (!this.parses.has(sql)) this.parses.set(sql, parseOne(sql))
    return this.parses.get(sql)
  }

  relation(oid: Oid): LockRelation | undefined {
    return this.relations.get(oid)
  }

  /** What the name means; undefined for temporary, system and missing relations. */
  named({ schema, name }: QualifiedName, path: SearchPath): LockRelation | undefined {
    for (const one of schema === undefined ? path : [schema]) {
      const found = this.byName.get(nameKey(one, name))
      if (found !== undefined) return found
    }
    return undefined
  }

  function(oid: Oid): LockFunction | undefined {
    return this.functions.get(oid)
  }

  /** All that a call may mean, by its name and how many arguments it has. */
  functionsNamed({ schema, name }: QualifiedName, path: SearchPath, given: number): readonly LockFunction[] {
    const schemas = schema === undefined ? path : [schema]
    return (this.functionsByName.get(name) ?? []).filter(
      (one) =>
        schemas.includes(one.schema) &&
        (one.variadic || given <= one.arguments) &&
        given >= one.arguments - one.defaults - (one.variadic ? 1 : 0),
    )
  }

  constraint(oid: Oid): LockConstraint | undefined {
    return this.constraints.get(oid)
  }

  /** Tables with a foreign key to this one. */
  referencing(oid: Oid): readonly { readonly child: LockRelation; readonly name: string }[] {
    return [...this.constraints.values()].flatMap(
      ({ referenced_oid: referenced, table_oid: table, name }) => {
        const child = referenced === oid ? this.relations.get(table) : undefined
        return child === undefined ? [] : [{ child, name }]
      },
    )
  }

  /** CHECKs of a domain. */
  checksOfDomain(oid: Oid): readonly string[] {
    return this.domainChecks.get(oid) ?? []
  }

  /** The sequence of an identity or serial column. */
  sequenceOf(column: Pick<LockColumn, 'oid' | 'number'>): LockRelation | undefined {
    const oid = this.sequences.get(`${column.oid}.${column.number}`)
    return oid === undefined ? undefined : this.relations.get(oid)
  }

  /** Itself and all that inherit from it: partitions of partitions, too. */
  withDescendants(relation: LockRelation): readonly LockRelation[] {
    const found = new Set([relation])
    for (const one of found) {
      for (const child of one.children) {
        const record = this.relations.get(child)
        if (record !== undefined) found.add(record)
      }
    }
    return [...found]
  }

  /** The table at the top that it is a partition of; itself when it is none. */
  root(relation: LockRelation): LockRelation {
    const parent = relation.is_partition ? this.relations.get(relation.parents[0] ?? '') : undefined
    return parent === undefined ? relation : this.root(parent)
  }
}

interface SequenceRow {
  readonly oid: Oid
  readonly number: number
  readonly sequence_oid: Oid
}

interface CatalogRows {
  readonly relations: readonly RelationRow[]
  readonly columns: readonly LockColumn[]
  readonly sequences: readonly SequenceRow[]
  readonly inherits: readonly { readonly child: Oid; readonly parent: Oid }[]
  readonly triggers: readonly LockTrigger[]
  readonly constraints: readonly LockConstraint[]
  readonly functions: readonly LockFunction[]
  readonly rules: readonly LockRule[]
  readonly policies: readonly LockPolicy[]
}

function gatherRelations(rows: CatalogRows): ReadonlyMap<Oid, LockRelation> {
  const columns = groupBy(rows.columns, ({ oid }) => oid)
  const triggers = groupBy(rows.triggers, ({ oid }) => oid)
  const rules = groupBy(rows.rules, ({ oid }) => oid)
  const policies = groupBy(rows.policies, ({ oid }) => oid)
  const checks = groupBy(rows.constraints, ({ table_oid: table }) => table)
  const children = groupBy(rows.inherits, ({ parent }) => parent)
  const parents = groupBy(rows.inherits, ({ child }) => child)
  const indexes = new Map<Oid, LockRelation[]>()
  const relations = new Map<Oid, LockRelation>()
  for (const row of rows.relations) {
    const { oid, table_oid: table } = row
    const ofTable = indexes.get(oid) ?? []
    indexes.set(oid, ofTable)
    const relation: LockRelation = {
      ...row,
      kind: kinds[row.relkind] ?? 'table',
      columns: columns.get(oid) ?? [],
      indexes: ofTable,
      children: (children.get(oid) ?? []).map(({ child }) => child),
      parents: (parents.get(oid) ?? []).map(({ parent }) => parent),
      triggers: triggers.get(oid) ?? [],
      rules: rules.get(oid) ?? [],
      policies: policies.get(oid) ?? [],
      checks: expressionsOf(checks.get(oid) ?? []),
    }
    relations.set(oid, relation)
    if (table !== null) {
      const siblings = indexes.get(table) ?? []
      siblings.push(relation)
      indexes.set(table, siblings)
    }
  }
  return relations
}

function expressionsOf(constraints: readonly LockConstraint[]): readonly string[] {
  return constraints.flatMap(({ expression }) => expression ?? [])
}

function nameKey(schema: string, name: string): string {
  return `${schema}\0${name}`
}

function mapValues<A, B>(map: ReadonlyMap<string, A>, change: (value: A) => B): ReadonlyMap<string, B> {
  return new Map([...map].map(([key, value]) => [key, change(value)] as const))
}
