import type {
  AlterDomainStmt,
  AlterEnumStmt,
  AlterSeqStmt,
  Constraint as ConstraintNode,
  CreateDomainStmt,
  CreateSeqStmt,
  CreateStatsStmt,
  CreateTrigStmt,
  DefElem,
  Node,
  RangeVar,
  TypeName,
} from '@pgsql/types'
import { allOf, as, words } from './ast.ts'
import { formatType } from './column-type.ts'
import { creationSchema, nameFromWords, type QualifiedName } from './names.ts'
import { columnByName, isTable, type TypeRecord } from './schema-records.ts'
import {
  editTable,
  existsAt,
  objectOf,
  partOf,
  placeOf,
  readType,
  relationNamed,
  tableNamed,
  without,
  type ChangeScope,
} from './schema-scope.ts'

/** CREATE SEQUENCE. */
export function createSequence(scope: ChangeScope, statement: CreateSeqStmt): void {
  if (statement.sequence === undefined) return
  const place = placeOf(scope, statement.sequence)
  if (statement.if_not_exists === true && existsAt(scope, place)) return
  const id = scope.schema.newId()
  const written = allOf<DefElem>(statement.options, 'DefElem').find(({ defname }) => defname === 'as')
  const type = as<TypeName>(written?.arg, 'TypeName')
  scope.schema.put({
    kind: 'sequence',
    id,
    ...place,
    type: type === undefined ? 'bigint' : formatType(readType(scope, type)),
    isNew: scope.isUnderReview,
    isKnown: true,
  })
  scope.report?.(objectOf(scope.schema.relation(id), scope.schema), false, { type: 'create' })
  setOwner(scope, statement.sequence, statement.options)
}

/** ALTER SEQUENCE; only OWNED BY changes what the model keeps. */
export function alterSequence(scope: ChangeScope, statement: AlterSeqStmt): void {
  if (statement.sequence === undefined) return
  const name = { schema: statement.sequence.schemaname, name: statement.sequence.relname ?? '' }
  const found = scope.schema.lookup(name, scope.path)
  if (found === undefined) return
  scope.report?.(objectOf(found, scope.schema), !found.isNew, { type: 'alter' })
  setOwner(scope, statement.sequence, statement.options)
}

function setOwner(scope: ChangeScope, name: RangeVar, options: readonly Node[] | undefined): void {
  const { schema } = scope
  const option = allOf<DefElem>(options, 'DefElem').find((one) => one.defname === 'owned_by')
  const sequence = schema.lookup({ schema: name.schemaname, name: name.relname ?? '' }, scope.path)
  if (option === undefined || sequence?.kind !== 'sequence') return
  const path = words(as<{ items?: Node[] }>(option.arg, 'List')?.items)
  const table = schema.table(nameFromWords(path.slice(0, -1)), scope.path)
  const { ownedBy, ...free } = sequence
  if (ownedBy !== undefined && schema.find(ownedBy.table) !== undefined) {
    editTable(schema, ownedBy.table, (current) => ({
      ...current,
      sequences: without(current.sequences, sequence.id),
    }))
  }
  const column = isTable(table) ? columnByName(table, path.at(-1) ?? '') : undefined
  if (!isTable(table) || column === undefined) {
    schema.put(free)
    return
  }
  schema.put({ ...free, ownedBy: { table: table.id, column: column.number } })
  editTable(schema, table.id, (current) => ({ ...current, sequences: [...current.sequences, sequence.id] }))
}

/** CREATE TYPE … AS ENUM, AS (…), AS RANGE, and base types. */
export function createType(
  scope: ChangeScope,
  name: QualifiedName,
  kind: TypeRecord['kind'],
  labels?: readonly string[],
): void {
  const schema = name.schema ?? creationSchema(scope.path)
  scope.schema.putType({
    kind,
    id: scope.schema.newId(),
    schema,
    name: name.name,
    isNew: scope.isUnderReview,
    constraints: [],
    ...(labels === undefined ? {} : { labels }),
  })
  scope.report?.({ kind: 'type', schema, name: name.name }, false, { type: 'create' })
}

/** ALTER TYPE … ADD VALUE, at the end unless said otherwise, and RENAME VALUE. */
export function alterEnum(scope: ChangeScope, statement: AlterEnumStmt): void {
  const type = scope.schema.type(nameFromWords(words(statement.typeName)), scope.path)
  const { oldVal, newVal, newValNeighbor, newValIsAfter } = statement
  if (type?.labels === undefined || newVal === undefined) return
  if (oldVal !== undefined) {
    const labels = type.labels.map((label) => (label === oldVal ? newVal : label))
    return scope.schema.putType({ ...type, labels })
  }
  if (type.labels.includes(newVal)) return
  const neighbor = newValNeighbor === undefined ? -1 : type.labels.indexOf(newValNeighbor)
  const at = neighbor === -1 ? type.labels.length : neighbor + (newValIsAfter === true ? 1 : 0)
  scope.schema.putType({ ...type, labels: type.labels.toSpliced(at, 0, newVal) })
}

/** CREATE DOMAIN. */
export function createDomain(scope: ChangeScope, statement: CreateDomainStmt): void {
  const name = nameFromWords(words(statement.domainname))
  const schema = name.schema ?? creationSchema(scope.path)
  const nodes = allOf<ConstraintNode>(statement.constraints, 'Constraint')
  const constraints = nodes
    .filter((node) => node.contype === 'CONSTR_CHECK' || node.contype === 'CONSTR_NOTNULL')
    .map((node) => ({ name: node.conname ?? domainConstraintName(name.name, node), isValidated: true }))
  const fallback = nodes.find((node) => node.contype === 'CONSTR_DEFAULT')?.raw_expr
  scope.schema.putType({
    kind: 'domain',
    id: scope.schema.newId(),
    schema,
    name: name.name,
    isNew: scope.isUnderReview,
    base: readType(scope, statement.typeName),
    constraints,
    ...(fallback === undefined ? {} : { default: fallback }),
  })
  scope.report?.({ kind: 'type', schema, name: name.name }, false, { type: 'create' })
}

function domainConstraintName(domain: string, node: ConstraintNode): string {
  return `${domain}_${node.contype === 'CONSTR_NOTNULL' ? 'not_null' : 'check'}`
}

/** ALTER DOMAIN: C adds, X drops, V validates a constraint; O and N set and drop NOT NULL. */
export function alterDomain(scope: ChangeScope, statement: AlterDomainStmt): void {
  const type = scope.schema.type(nameFromWords(words(statement.typeName)), scope.path)
  if (type === undefined) return
  scope.report?.({ kind: 'type', schema: type.schema, name: type.name }, !type.isNew, { type: 'alter' })
  const node = as<ConstraintNode>(statement.def, 'Constraint')
  const notNull = domainConstraintName(type.name, { contype: 'CONSTR_NOTNULL' })
  const dropped = statement.subtype === 'X' ? statement.name : notNull
  switch (statement.subtype) {
    case 'C': {
      const name = node?.conname ?? domainConstraintName(type.name, node ?? {})
      const added = { name, isValidated: node?.skip_validation !== true }
      return scope.schema.putType({ ...type, constraints: [...type.constraints, added] })
    }
    case 'O':
      return scope.schema.putType({
        ...type,
        constraints: [...type.constraints, { name: notNull, isValidated: true }],
      })
    case 'X':
    case 'N':
      return scope.schema.putType({
        ...type,
        constraints: type.constraints.filter(({ name }) => name !== dropped),
      })
    case 'V':
      return scope.schema.putType({
        ...type,
        constraints: type.constraints.map((one) =>
          one.name === statement.name ? { ...one, isValidated: true } : one,
        ),
      })
    default:
  }
}

/** CREATE TRIGGER; on a partitioned table row triggers go down to the partitions. */
export function createTrigger(scope: ChangeScope, statement: CreateTrigStmt): void {
  const record = relationNamed(scope, statement.relation)
  if (record === undefined) return
  const trigger = {
    name: statement.trigname ?? '',
    function: words(statement.funcname).join('.'),
    events: statement.events ?? 0,
    isRow: statement.row === true,
    isNew: scope.isUnderReview,
    ...callsOf(scope, nameFromWords(words(statement.funcname))),
    ...(statement.isconstraint === true ? { isConstraint: true } : {}),
  }
  const targets =
    isTable(record) && record.kind === 'partitioned table' && trigger.isRow
      ? scope.schema.withDescendants(record)
      : [record]
  for (const target of targets) {
    const own = target.id === record.id ? trigger : { ...trigger, isInherited: true }
    const triggers = [...target.triggers.filter((one) => one.name !== trigger.name), own]
    scope.schema.put({ ...target, triggers })
  }
  const replaced = record.triggers.find((one) => one.name === trigger.name)
  scope.report?.(partOf(record, 'trigger', trigger.name), replaced !== undefined && !replaced.isNew, {
    type: replaced === undefined ? 'create' : 'alter',
  })
}

function callsOf(scope: ChangeScope, name: QualifiedName): { calls?: string } {
  const [called] = scope.schema.function(name, scope.path)
  return called === undefined ? {} : { calls: `${called.schema}.${called.name}` }
}

/** CREATE STATISTICS. */
export function createStatistics(scope: ChangeScope, statement: CreateStatsStmt): void {
  const table = tableNamed(scope, allOf<RangeVar>(statement.relations, 'RangeVar')[0])
  const name = nameFromWords(words(statement.defnames))
  if (table === undefined || name.name === '') return
  const schema = name.schema ?? creationSchema(scope.path)
  scope.schema.putStatistics(schema, name.name, table.id)
  scope.report?.({ kind: 'statistics object', schema, name: name.name }, false, { type: 'create' })
}
