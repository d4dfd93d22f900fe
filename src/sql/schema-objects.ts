import type {
  AlterDomainStmt,
  AlterSeqStmt,
  Constraint as ConstraintNode,
  CreateDomainStmt,
  CreateFunctionStmt,
  CreateSeqStmt,
  CreateStatsStmt,
  CreateTrigStmt,
  DefElem,
  FunctionParameter,
  Node,
  RangeVar,
} from '@pgsql/types'
import { allOf, as, words } from './ast.ts'
import { creationSchema, nameFromWords, type QualifiedName } from './names.ts'
import { columnByName, isTable, type FunctionRecord, type TypeRecord } from './schema-records.ts'
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
  scope.schema.put({ kind: 'sequence', id, ...place, isNew: scope.isUnderReview, isKnown: true })
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
export function createType(scope: ChangeScope, name: QualifiedName, kind: TypeRecord['kind']): void {
  const schema = name.schema ?? creationSchema(scope.path)
  scope.schema.putType({ kind, schema, name: name.name, isNew: scope.isUnderReview, constraints: [] })
  scope.report?.({ kind: 'type', schema, name: name.name }, false, { type: 'create' })
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

/** CREATE [OR REPLACE] FUNCTION and PROCEDURE. Volatility is VOLATILE unless said otherwise. */
export function createFunction(scope: ChangeScope, statement: CreateFunctionStmt): void {
  const name = nameFromWords(words(statement.funcname))
  const schema = name.schema ?? creationSchema(scope.path)
  const made = readFunction(scope, statement, schema, name.name)
  const overloads = scope.schema.function({ schema, name: name.name }, scope.path)
  const others = overloads.filter((one) => one.argumentCount !== made.argumentCount)
  const replaced = overloads.find((one) => one.argumentCount === made.argumentCount)
  scope.schema.putFunctions(schema, name.name, [...others, made])
  const object = { kind: made.isProcedure ? 'procedure' : 'function', schema, name: name.name }
  scope.report?.(object, replaced !== undefined && !replaced.isNew, {
    type: replaced === undefined ? 'create' : 'alter',
  })
}

function readFunction(
  scope: ChangeScope,
  statement: CreateFunctionStmt,
  schema: string,
  name: string,
): FunctionRecord {
  const options = new Map(allOf<DefElem>(statement.options, 'DefElem').map((one) => [one.defname, one.arg]))
  const text = (key: string) => words([options.get(key) ?? { String: {} }])[0] ?? ''
  const volatility = text('volatility')
  const body = words(as<{ items?: Node[] }>(options.get('as'), 'List')?.items)
  const inputs = allOf<FunctionParameter>(statement.parameters, 'FunctionParameter').filter(
    ({ mode }) => mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE',
  )
  return {
    schema,
    name,
    isNew: scope.isUnderReview,
    isProcedure: statement.is_procedure === true,
    volatility: volatility === 'immutable' || volatility === 'stable' ? volatility : 'volatile',
    language: text('language').toLowerCase() || 'sql',
    argumentCount: inputs.length,
    ...(scope.sql === undefined ? {} : { definition: scope.sql }),
    ...(body[0] === undefined ? {} : { body: body[0] }),
    ...(statement.sql_body === undefined ? {} : { sqlBody: statement.sql_body }),
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
  }
  const targets =
    isTable(record) && record.kind === 'partitioned table' && trigger.isRow
      ? scope.schema.withDescendants(record)
      : [record]
  for (const target of targets) {
    const triggers = [...target.triggers.filter((one) => one.name !== trigger.name), trigger]
    scope.schema.put({ ...target, triggers })
  }
  const replaced = record.triggers.find((one) => one.name === trigger.name)
  scope.report?.(partOf(record, 'trigger', trigger.name), replaced !== undefined && !replaced.isNew, {
    type: replaced === undefined ? 'create' : 'alter',
  })
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
