import type {
  AlterDomainStmt,
  AlterObjectDependsStmt,
  AlterPublicationStmt,
  AlterSeqStmt,
  AlterTypeStmt,
  CommentStmt,
  Constraint,
  CreateFunctionStmt,
  CreatePolicyStmt,
  CreatePublicationStmt,
  CreateSchemaStmt,
  CreateSeqStmt,
  CreateStatsStmt,
  CreateTrigStmt,
  DefElem,
  GrantStmt,
  LockStmt,
  Node,
  PublicationObjSpec,
  RangeVar,
  RuleStmt,
  TruncateStmt,
} from '@pgsql/types'
import { lockModes } from '../core/locks.ts'
import type { LockMode } from '../core/model.ts'
import { allOf, as, literalText, nameWords, unwrap, words, type UnwrappedNode } from '../sql/ast.ts'
import { nameFromWords, relationName } from '../sql/names.ts'
import { readQuery } from '../sql/query.ts'
import { readFunctionBody } from '../sql/routine-body.ts'
import { columnsOfType } from '../sql/schema-drop-statement.ts'
import { isTable, type RelationRecord, type TableRecord } from '../sql/schema-records.ts'
import { relationNamed, tableNamed } from '../sql/schema-scope.ts'
import { lockIndex } from './alter-index.ts'
import { readThrough, targets, type PredictContext } from './context.ts'
import { lockWithPartitions } from './foreign-keys.ts'

/** LOCK TABLE; views are locked with the tables they read. */
export function predictLock(context: PredictContext, node: object): void {
  const statement = node as LockStmt
  const mode = lockModes[(statement.mode ?? lockModes.length) - 1] ?? 'AccessExclusiveLock'
  for (const range of allOf<RangeVar>(statement.relations, 'RangeVar')) {
    const record = relationNamed(context, range)
    if (record === undefined) continue
    readThrough(context, record, (one) => context.effects.lock(one, mode, 'lock table'))
    for (const table of targets(context, range)) context.effects.lock(table, mode, 'lock table')
  }
}

/** TRUNCATE; CASCADE reaches every table with a foreign key to one that is emptied. */
export function predictTruncate(context: PredictContext, node: object): void {
  const statement = node as TruncateStmt
  const named = allOf<RangeVar>(statement.relations, 'RangeVar').flatMap((range) => targets(context, range))
  const emptied = new Map<number, TableRecord>(named.map((table) => [table.id, table]))
  if (statement.behavior === 'DROP_CASCADE') {
    for (const table of emptied.values()) {
      for (const holder of context.schema.tables(table.referencedBy)) {
        for (const one of context.schema.withDescendants(holder)) emptied.set(one.id, one)
      }
    }
  }
  for (const table of emptied.values()) {
    const isCascaded = !named.some(({ id }) => id === table.id)
    const source = isCascaded ? 'truncate cascade' : 'truncate'
    context.effects.lock(table, 'AccessExclusiveLock', source)
    if (table.kind === 'table') context.effects.truncate(table, isCascaded, source)
    if (statement.restart_seqs !== true) continue
    for (const id of table.sequences) {
      const sequence = context.schema.find(id)
      if (sequence !== undefined) context.effects.lock(sequence, 'AccessExclusiveLock', source)
    }
  }
}

/** COMMENT ON. */
export function predictComment(context: PredictContext, node: object): void {
  const { objtype, object } = node as CommentStmt
  const path = nameWords(object)
  const onPart = objtype === 'OBJECT_COLUMN' || partTypes.has(objtype ?? '')
  const name = nameFromWords(onPart ? path.slice(0, -1) : path)
  const mode: LockMode = partTypes.has(objtype ?? '') ? 'AccessShareLock' : 'ShareUpdateExclusiveLock'
  if (!onPart && !commentedRelations.has(objtype ?? '')) return
  const found = context.schema.lookup(name, context.path)
  const assumesTable = onPart || objtype === 'OBJECT_TABLE'
  const record = found ?? (assumesTable ? context.schema.table(name, context.path) : undefined)
  if (record !== undefined) context.effects.lock(record, mode, 'comment')
}

const partTypes: ReadonlySet<string> = new Set([
  'OBJECT_TABCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
  'OBJECT_RULE',
])

const commentedRelations: ReadonlySet<string> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_INDEX',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
])

/** GRANT and REVOKE lock nothing before PG 18, and AccessShare on each named relation since. */
export function predictGrant(context: PredictContext, node: object): void {
  const statement = node as GrantStmt
  const isNamed = statement.targtype === 'ACL_TARGET_OBJECT'
  const isRelation = statement.objtype === 'OBJECT_TABLE' || statement.objtype === 'OBJECT_SEQUENCE'
  if (context.serverMajor < 18 || !isNamed || !isRelation) return
  for (const range of allOf<RangeVar>(statement.objects, 'RangeVar')) {
    const record = context.schema.lookup(relationName(range), context.path) ?? relationNamed(context, range)
    if (record !== undefined) context.effects.lock(record, 'AccessShareLock', 'grant')
  }
}

export function predictStatistics(context: PredictContext, node: object): void {
  for (const range of allOf<RangeVar>((node as CreateStatsStmt).relations, 'RangeVar')) {
    lockNamed(context, range, 'ShareUpdateExclusiveLock', 'create statistics')
  }
}

/** CREATE and ALTER PUBLICATION lock the tables that they name. */
export function predictPublication(context: PredictContext, node: object): void {
  const { pubobjects } = node as CreatePublicationStmt | AlterPublicationStmt
  for (const { pubtable } of allOf<PublicationObjSpec>(pubobjects, 'PublicationObjSpec')) {
    for (const table of targets(context, pubtable?.relation)) {
      context.effects.lock(table, 'ShareUpdateExclusiveLock', 'publication')
    }
  }
}

/** ALTER SEQUENCE; OWNED BY also looks at the table. */
export function predictAlterSequence(context: PredictContext, node: object): void {
  const statement = node as AlterSeqStmt
  if (statement.sequence === undefined) return
  const sequence = context.schema.lookup(relationName(statement.sequence), context.path)
  if (sequence !== undefined) context.effects.lock(sequence, 'ShareRowExclusiveLock', 'alter sequence')
  lockOwner(context, statement.options)
}

export function predictCreateSequence(context: PredictContext, node: object): void {
  lockOwner(context, (node as CreateSeqStmt).options)
}

function lockOwner(context: PredictContext, options: readonly Node[] | undefined): void {
  const option = allOf<DefElem>(options, 'DefElem').find(({ defname }) => defname === 'owned_by')
  const path = words(as<{ items?: Node[] }>(option?.arg, 'List')?.items)
  if (path.length < 2) return
  const table = context.schema.table(nameFromWords(path.slice(0, -1)), context.path)
  if (table !== undefined) context.effects.lock(table, 'AccessShareLock', 'sequence owned by')
}

/** CREATE and ALTER POLICY: AccessExclusive on the table, AccessShare on what the conditions read. */
export function predictPolicy(context: PredictContext, node: object): void {
  const statement = node as CreatePolicyStmt
  lockNamed(context, statement.table, 'AccessExclusiveLock', 'policy')
  lockReads(context, [statement.qual, statement.with_check])
}

export function predictRule(context: PredictContext, node: object): void {
  const statement = node as RuleStmt
  lockNamed(context, statement.relation, 'AccessExclusiveLock', 'create rule')
  for (const action of statement.actions ?? []) {
    const parts = readQuery(action)
    for (const { node: modified } of parts.modifications) {
      lockNamed(context, (modified as { relation?: RangeVar }).relation, 'RowExclusiveLock', 'create rule')
    }
    lockReads(context, [action])
  }
}

function lockReads(context: PredictContext, expressions: readonly (Node | undefined)[]): void {
  for (const expression of expressions) {
    for (const range of readQuery(expression).reads) {
      if (range.relname === 'new' || range.relname === 'old') continue
      lockNamed(context, range, 'AccessShareLock', 'read by a condition')
    }
  }
}

/** CREATE TRIGGER; row triggers of a partitioned table are made on every partition. */
export function predictTrigger(context: PredictContext, node: object): void {
  const statement = node as CreateTrigStmt
  const record = relationNamed(context, statement.relation)
  if (record === undefined) return
  const mode = 'ShareRowExclusiveLock'
  if (isTable(record) && statement.row === true) lockWithPartitions(context, record, mode, 'create trigger')
  else context.effects.lock(record, mode, 'create trigger')
  lockNamed(context, statement.constrrel, 'AccessShareLock', 'create constraint trigger')
}

/** ALTER DOMAIN: what adds a checked constraint reads every table that uses the domain. */
export function predictDomain(context: PredictContext, node: object): void {
  const statement = node as AlterDomainStmt
  const isNew =
    statement.subtype === 'C' && as<Constraint>(statement.def, 'Constraint')?.skip_validation !== true
  if (!isNew && statement.subtype !== 'V' && statement.subtype !== 'O') return
  const type = context.schema.type(nameFromWords(words(statement.typeName)), context.path)
  if (type === undefined) return
  for (const { table } of columnsOfType(context, type)) {
    const source = statement.subtype === 'V' ? 'validate domain constraint' : 'alter domain add check'
    context.effects.lock(table, 'ShareLock', source)
    context.effects.scan(table, 'validate', source)
  }
}

/** ALTER TYPE of a composite type: CASCADE goes to the tables made OF it. */
export function predictAlterType(context: PredictContext, node: object): void {
  const name = (node as { relation?: RangeVar } & AlterTypeStmt).relation?.relname
  for (const record of context.schema.allRelations()) {
    if (isTable(record) && record.ofType !== undefined && record.ofType === name) {
      context.effects.lock(record, 'AccessExclusiveLock', 'alter type cascade')
    }
  }
}

/**
 * CREATE FUNCTION: a body in SQL is analysed (fmgr_sql_validator, pg_proc.c), and that locks what it names as the
 * planner would.
 */
export function predictCreateFunction(context: PredictContext, node: object): void {
  const { sql_body: sqlBody, options } = node as CreateFunctionStmt
  const written = allOf<DefElem>(options, 'DefElem')
  const language = literalText(written.find(({ defname }) => defname === 'language')?.arg)
  if (sqlBody === undefined && language?.toLowerCase() !== 'sql') return
  const text = written.find(({ defname }) => defname === 'as')?.arg
  const body = words(as<{ items?: Node[] }>(text, 'List')?.items)[0]
  const routine = { language: 'sql', ...(sqlBody === undefined ? {} : { sqlBody }) }
  const { statements } = readFunctionBody(body === undefined ? routine : { ...routine, body })
  for (const { tag, value } of statements) {
    if (analysedTags.has(tag)) lockAnalysed(context, { [tag]: value })
  }
}

/** Other statements are only looked at when they run. */
const analysedTags: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

function lockAnalysed(context: PredictContext, query: object): void {
  const { modifications } = readQuery(query)
  for (const { node } of modifications) {
    lockNamed(context, (node as { relation?: RangeVar }).relation, 'RowExclusiveLock', 'create function')
  }
  lockReads(context, [query as Node])
}

/** ALTER … DEPENDS ON EXTENSION (ExecAlterObjectDependsStmt, alter.c). */
export function predictDepends(context: PredictContext, node: object): void {
  const { objectType, relation } = node as AlterObjectDependsStmt
  if (objectType === 'OBJECT_INDEX') {
    lockIndex(context, relation, 'AccessExclusiveLock', 'depends on extension')
  } else if (objectType === 'OBJECT_MATVIEW') {
    lockNamed(context, relation, 'AccessExclusiveLock', 'depends on extension')
  } else if (objectType === 'OBJECT_TRIGGER') {
    lockNamed(context, relation, 'AccessShareLock', 'depends on extension')
  }
}

/** CREATE SCHEMA with elements: they are statements of their own, run by the caller. */
export function schemaElements(node: object): readonly UnwrappedNode[] {
  return ((node as CreateSchemaStmt).schemaElts ?? []).flatMap((element) => unwrap(element) ?? [])
}

function lockNamed(
  context: PredictContext,
  range: RangeVar | undefined,
  mode: LockMode,
  source: string,
): RelationRecord | undefined {
  const record = relationNamed(context, range) ?? tableNamed(context, range)
  if (record !== undefined) context.effects.lock(record, mode, source)
  return record
}
