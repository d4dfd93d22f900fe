import { groupBy } from '../core/groups.ts'
import type {
  CatalogColumn,
  CatalogConstraint,
  CatalogIndex,
  CatalogPolicy,
  CatalogTable,
  CatalogTrigger,
} from '../core/model.ts'
import { relationKind } from './relations.ts'
import type {
  CatalogRows,
  ColumnRow,
  ConstraintRow,
  IndexRow,
  PolicyRow,
  TableRow,
  TriggerRow,
} from './schema-catalog-rows.ts'

/** Puts the rows of tables together. */
export function catalogTables(rows: CatalogRows): readonly CatalogTable[] {
  return new Tables(rows).all()
}

/** The names of a table's columns by their numbers; `''` for those that are gone. */
export type ColumnNames = (table: number, numbers: readonly number[] | null) => readonly string[]

export function columnNames(columns: readonly ColumnRow[]): ColumnNames {
  const names = new Map(columns.map(({ table, number, name }) => [`${table} ${number}`, name]))
  return (table, numbers) => (numbers ?? []).map((number) => names.get(`${table} ${number}`) ?? '')
}

class Tables {
  private readonly rows: CatalogRows
  private readonly names: ColumnNames
  private readonly fullNames: ReadonlyMap<number, string>
  private readonly indexNames: ReadonlyMap<number, string>

  constructor(rows: CatalogRows) {
    this.rows = rows
    this.names = columnNames(rows.columns)
    this.fullNames = new Map(rows.tables.map(({ id, schema, name }) => [id, `${schema}.${name}`]))
    this.indexNames = new Map(rows.indexes.map(({ id, name }) => [id, name]))
  }

  all(): readonly CatalogTable[] {
    const { rows } = this
    const tableOf = ({ table }: { readonly table: number }): number => table
    const columns = groupBy(rows.columns, tableOf)
    const constraints = groupBy(rows.constraints, tableOf)
    const indexes = groupBy(rows.indexes, tableOf)
    const triggers = groupBy(rows.triggers, tableOf)
    const policies = groupBy(rows.policies, tableOf)
    const parents = groupBy(rows.parents, tableOf)
    return rows.tables.map((table) => {
      const own = constraints.get(table.id) ?? []
      const ofConstraint = new Map(own.flatMap(({ index, name }) => (index === null ? [] : [[index, name]])))
      const ownIndexes = indexes.get(table.id) ?? []
      const ancestry = parents.get(table.id) ?? []
      const isPartition = ancestry.some((one) => one.isPartition)
      const names = ancestry.map(({ parent }) => parent)
      return {
        ...plainTable(table, ownIndexes),
        columns: (columns.get(table.id) ?? []).map(catalogColumn),
        constraints: own.map((row) => this.constraint(row)),
        indexes: ownIndexes.map((row) => this.index(row, ofConstraint.get(row.id))),
        triggers: (triggers.get(table.id) ?? []).map(catalogTrigger),
        policies: (policies.get(table.id) ?? []).map(catalogPolicy),
        ...(isPartition && names[0] !== undefined ? { partitionOf: names[0] } : {}),
        ...(!isPartition && names.length > 0 ? { inherits: names } : {}),
      }
    })
  }

  private constraint(row: ConstraintRow): CatalogConstraint {
    const { table, name, definition, isValidated, isEnforced, isInherited, isDeferrable, index } = row
    const indexName = index === null ? undefined : this.indexNames.get(index)
    return {
      name,
      kind: constraintKinds[row.contype] ?? 'check',
      columns: this.names(table, row.columns),
      isValidated,
      isEnforced,
      isInherited,
      ...given('definition', definition),
      isDeferrable,
      ...(indexName === undefined ? {} : { index: indexName }),
      ...(row.referenced === null
        ? {}
        : {
            references: {
              table: this.fullNames.get(row.referenced) ?? '',
              columns: this.names(row.referenced, row.referencedColumns),
              onDelete: actions[row.onDelete] ?? 'no action',
              onUpdate: actions[row.onUpdate] ?? 'no action',
            },
          }),
      ...given('comment', row.comment),
    }
  }

  private index(row: IndexRow, constraint: string | undefined): CatalogIndex {
    const numbers = row.columns.split(' ').map(Number)
    const options = row.options.split(' ').map(Number)
    const names = this.names(row.table, numbers)
    const { id, schema, name, method, isUnique, isValid, nullsNotDistinct, definition } = row
    return {
      id,
      schema,
      name,
      method,
      isUnique,
      isValid,
      keys: numbers.slice(0, row.keyCount).map((number, at) => ({
        ...(number === 0 ? { expression: row.expressions?.[at + 1] ?? '' } : { column: names[at] ?? '' }),
        ...given('operatorClass', row.operatorClasses?.[at + 1]),
        ...given('collation', row.collations?.[at + 1]),
        ...(row.isOrderable ? ordering(options[at] ?? 0) : {}),
      })),
      include: names.slice(row.keyCount),
      ...given('predicate', row.predicate),
      nullsNotDistinct,
      ...given('constraint', constraint),
      ...given('partitionOf', row.parent),
      ...given('definition', definition),
    }
  }
}

function ordering(option: number): { isDescending: boolean; nullsFirst: boolean } {
  return { isDescending: (option & 1) !== 0, nullsFirst: (option & 2) !== 0 }
}

function plainTable(
  row: TableRow,
  indexes: readonly IndexRow[],
): Omit<CatalogTable, 'columns' | 'constraints' | 'indexes'> {
  const { id, schema, name, owner } = row
  const kind = relationKind(row.relkind)
  const isTable = kind === 'table' || kind === 'partitioned table'
  return {
    id,
    schema,
    name,
    kind,
    persistence: row.persistence === 'u' ? 'unlogged' : 'permanent',
    ...(isTable ? { rowSecurity: { enabled: row.rowSecurity, forced: row.forced } } : {}),
    ...(isTable ? { replicaIdentity: replicaIdentity(row, indexes) } : {}),
    options: row.options ?? [],
    ...given('definition', row.definition),
    owner,
    grants: row.grants ?? [],
    ...given('comment', row.comment),
  }
}

/** With its index dropped, USING INDEX is like NOTHING (RelationGetIndexList, relcache.c). */
function replicaIdentity(
  row: TableRow,
  indexes: readonly IndexRow[],
): NonNullable<CatalogTable['replicaIdentity']> {
  switch (row.replicaIdentity) {
    case 'f':
      return 'full'
    case 'n':
      return 'nothing'
    case 'i': {
      const index = indexes.find(({ isReplicaIdentity }) => isReplicaIdentity)
      return index === undefined ? 'nothing' : { index: index.name }
    }
    default:
      return 'default'
  }
}

function catalogColumn(row: ColumnRow): CatalogColumn {
  const { name, number, type, notNull, isLocal } = row
  const kind = row.generated === 'v' ? 'virtual' : 'stored'
  return {
    name,
    number,
    type,
    notNull,
    ...given('collation', row.collation),
    ...(row.generated === ''
      ? given('default', row.default)
      : { generated: { kind, ...given('expression', row.default) } }),
    ...(row.identity === '' ? {} : { identity: row.identity === 'a' ? 'always' : 'by default' }),
    isLocal,
    grants: row.grants ?? [],
    ...given('comment', row.comment),
  }
}

function catalogTrigger(row: TriggerRow): CatalogTrigger {
  const { name, function: called, isInherited, constraint, contype } = row
  return {
    name,
    enabled: firing[row.enabled] ?? 'enabled',
    function: called,
    ...given('definition', row.definition),
    ...(contype === 't' ? { isConstraint: true } : given('constraint', constraint)),
    isInherited,
  }
}

function catalogPolicy(row: PolicyRow): CatalogPolicy {
  const { name, isPermissive, roles } = row
  const command = commands[row.command] ?? 'all'
  return {
    name,
    isPermissive,
    command,
    roles,
    ...given('using', row.using),
    ...given('withCheck', row.withCheck),
  }
}

/** A property that is left out where there is nothing. */
export function given<K extends string>(
  key: K,
  value: string | null | undefined,
): { readonly [P in K]?: string } {
  return value === null || value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: string })
}

const constraintKinds: Readonly<Record<string, CatalogConstraint['kind']>> = {
  p: 'primary key',
  u: 'unique',
  x: 'exclusion',
  c: 'check',
  f: 'foreign key',
  n: 'not null',
}

const actions: Readonly<Record<string, NonNullable<CatalogConstraint['references']>['onDelete']>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

const firing: Readonly<Record<string, CatalogTrigger['enabled']>> = {
  O: 'enabled',
  D: 'disabled',
  R: 'replica',
  A: 'always',
}

const commands: Readonly<Record<string, CatalogPolicy['command']>> = {
  r: 'select',
  a: 'insert',
  w: 'update',
  d: 'delete',
}
