import type {
  CopyStmt,
  DeleteStmt,
  ExplainStmt,
  DefElem,
  FuncCall,
  InsertStmt,
  MergeStmt,
  MergeWhenClause,
  Node,
  RangeVar,
  ResTarget,
  SelectStmt,
  UpdateStmt,
} from '@pgsql/types'
import type { LockMode, WriteEffect } from '../core/model.ts'
import { allOf, as, isNullLiteral, literalText, unwrap, words } from '../sql/ast.ts'
import { nameFromWords, splitIdentifierList } from '../sql/names.ts'
import { readQuery, type Modification, type QueryParts } from '../sql/query.ts'
import { isTable, type TableRecord, type ViewRecord } from '../sql/schema-records.ts'
import { relationNamed } from '../sql/schema-scope.ts'
import { readThrough, type PredictContext } from './context.ts'
import { lockChildrenOfDeleted, lockChildrenOfUpdated, lockParents } from './dml-keys.ts'
import { runFunction, runTriggers } from './nested.ts'
import { partitionsFor } from './routing.ts'
import { boundedColumns, reachOf, selectReach, sourcesOf, type Reach, type ReachScope } from './reach.ts'

/** SELECT, INSERT, UPDATE, DELETE, MERGE as statements of their own. */
export function predictStatement(tag: string): (context: PredictContext, node: object) => void {
  return (context, node) => predictQuery(context, { [tag]: node } as unknown as Node)
}

/** A query that is executed: what it reads, writes, locks row by row, and calls. */
export function predictQuery(context: PredictContext, query: Node): void {
  const parts = runQuery(context, query)
  for (const modification of parts.modifications) modify(context, modification)
}

/** The reading half of a query. */
export function runQuery(context: PredictContext, query: Node): QueryParts {
  const parts = readQuery(query)
  const { effects } = context
  for (const range of parts.rowLocked) {
    const record = relationNamed(context, range)
    if (record !== undefined)
      readThrough(context, record, (one) => effects.lock(one, 'RowShareLock', 'select for update'))
  }
  for (const range of parts.reads) {
    const record = relationNamed(context, range)
    if (record === undefined) continue
    readThrough(context, record, (one) => {
      effects.lock(one, 'AccessShareLock', 'read')
      if (isTable(one) && range.inh === true) {
        for (const child of context.schema.withDescendants(one))
          effects.lock(child, 'AccessShareLock', 'read')
      }
    })
  }
  for (const range of parts.fullReads) {
    const record = relationNamed(context, range)
    const inherits = range.inh === true
    if (record !== undefined) readThrough(context, record, (one) => scanHeaps(context, one, inherits))
  }
  for (const call of parts.calls) callFunction(context, call)
  return parts
}

function scanHeaps(context: PredictContext, record: TableRecord | ViewRecord, inherits: boolean): void {
  const heaps = isTable(record) && inherits ? context.schema.withDescendants(record) : [record]
  for (const heap of heaps) context.effects.scan(heap, 'read', 'read without WHERE')
}

/** nextval() and setval() lock their sequence; functions that the files create run their statements. */
function callFunction(context: PredictContext, call: FuncCall): void {
  const name = nameFromWords(words(call.funcname))
  if (name.name === 'nextval' || name.name === 'setval') {
    const text = literalText(call.args?.[0])
    if (text === undefined) return
    const path = splitIdentifierList(text.replaceAll('.', ','))
    const sequence = context.schema.lookup(nameFromWords(path), context.path)
    if (sequence?.kind === 'sequence') context.effects.lock(sequence, 'RowExclusiveLock', name.name)
    return
  }
  runFunction(context, name, call.args?.length ?? 0)
}

function modify(context: PredictContext, { tag, node }: Modification): void {
  switch (tag) {
    case 'InsertStmt':
      return insert(context, node as InsertStmt)
    case 'UpdateStmt':
      return update(context, node as UpdateStmt)
    case 'DeleteStmt':
      return remove(context, node as DeleteStmt)
    case 'MergeStmt':
      return merge(context, node as MergeStmt)
  }
}

/** Locks the target for writing; through a view also what the view reads. Gives the table behind. */
function lockTarget(
  context: PredictContext,
  relation: RangeVar | undefined,
  command: WriteEffect['command'],
): TableRecord | undefined {
  const record = relationNamed(context, relation)
  if (record === undefined) return undefined
  let table: TableRecord | undefined
  readThrough(context, record, (one) => {
    context.effects.lock(one, 'RowExclusiveLock', command.toLowerCase())
    if (isTable(one)) table ??= one
  })
  const goesDown = command !== 'INSERT' && command !== 'COPY' && relation?.inh === true
  if (table !== undefined && goesDown) {
    for (const child of context.schema.withDescendants(table)) {
      context.effects.lock(child, 'RowExclusiveLock', command.toLowerCase())
    }
  }
  return table
}

function insert(context: PredictContext, statement: InsertStmt): void {
  const table = lockTarget(context, statement.relation, 'INSERT')
  if (table === undefined) return
  const select = as<SelectStmt>(statement.selectStmt, 'SelectStmt')
  const values = insertedValues(table, statement, select)
  lockPartitions(context, table, statement, select)
  drawFromSequences(context, table, (column) => isDefault(values.get(column)))
  lockParents(context, table, (column) => {
    const value = values.get(column)
    return value !== undefined && value !== 'default' && (value === 'computed' || !isNullLiteral(value))
  })
  context.effects.write(table, 'INSERT', select === undefined ? 'bounded' : selectReach(select), 'insert')
  runTriggers(context, table, 'INSERT')
  if (statement.onConflictClause?.action === 'ONCONFLICT_UPDATE') runTriggers(context, table, 'UPDATE')
}

/** Rows of VALUES go to partitions that their literals tell. */
function lockPartitions(
  context: PredictContext,
  table: TableRecord,
  statement: InsertStmt,
  select: SelectStmt | undefined,
): void {
  if (table.kind !== 'partitioned table') return
  const named = allOf<ResTarget>(statement.cols, 'ResTarget').map(({ name = '' }) => name)
  const names = named.length > 0 ? named : table.columns.map(({ name }) => name)
  for (const row of select?.valuesLists ?? []) {
    const items = as<{ items?: Node[] }>(row, 'List')?.items ?? []
    const valueOf = (column: string) => literalText(items[names.indexOf(column)])
    for (const partition of partitionsFor(context.schema, table, valueOf)) {
      context.effects.lock(partition, 'RowExclusiveLock', 'insert into a partition')
    }
  }
}

type Inserted = Node | 'computed' | 'default'

function isDefault(value: Inserted | undefined): boolean {
  return value === undefined || value === 'default' || (typeof value === 'object' && 'SetToDefault' in value)
}

/** What each column of the target gets, by name; absent columns get their default. */
function insertedValues(
  table: TableRecord,
  statement: InsertStmt,
  select: SelectStmt | undefined,
): ReadonlyMap<string, Inserted> {
  const [row] = select?.valuesLists ?? []
  const isOneRow = select?.valuesLists?.length === 1
  const items = as<{ items?: Node[] }>(row, 'List')?.items
  const named = allOf<ResTarget>(statement.cols, 'ResTarget').map(({ name = '' }) => name)
  const width = items?.length ?? select?.targetList?.length ?? 0
  const names = named.length > 0 ? named : table.columns.slice(0, width).map(({ name }) => name)
  return new Map(
    names.map((name, position): [string, Inserted] => {
      const item = items?.[position]
      return [name, item === undefined || !isOneRow ? 'computed' : item]
    }),
  )
}

/** Identity columns and DEFAULT nextval() draw from their sequence when the row does not name a value. */
function drawFromSequences(
  context: PredictContext,
  table: TableRecord,
  usesDefault: (column: string) => boolean,
): void {
  for (const column of table.columns) {
    if (column.sequence === undefined || !usesDefault(column.name)) continue
    const sequence = context.schema.find(column.sequence)
    if (sequence !== undefined)
      context.effects.lock(sequence, 'RowExclusiveLock', 'insert draws from a sequence')
  }
}

function update(context: PredictContext, statement: UpdateStmt): void {
  const table = lockTarget(context, statement.relation, 'UPDATE')
  if (table === undefined) return
  const scope: ReachScope = {
    schema: context.schema,
    target: table,
    alias: statement.relation?.alias?.aliasname ?? table.name,
    ...sourcesOf(statement.fromClause, statement.withClause),
  }
  const assigned = new Map(
    allOf<ResTarget>(statement.targetList, 'ResTarget').map(({ name = '', val }) => [name, val]),
  )
  lockParents(context, table, (column) => assigned.has(column) && !isNullLiteral(assigned.get(column)))
  lockChildrenOfUpdated(context, table, new Set(assigned.keys()))
  writeRows(context, scope, 'UPDATE', statement.whereClause)
  runTriggers(context, table, 'UPDATE')
}

function remove(context: PredictContext, statement: DeleteStmt): void {
  const table = lockTarget(context, statement.relation, 'DELETE')
  if (table === undefined) return
  const scope: ReachScope = {
    schema: context.schema,
    target: table,
    alias: statement.relation?.alias?.aliasname ?? table.name,
    ...sourcesOf(statement.usingClause, statement.withClause),
  }
  lockChildrenOfDeleted(context, table)
  writeRows(context, scope, 'DELETE', statement.whereClause)
  runTriggers(context, table, 'DELETE')
}

function merge(context: PredictContext, statement: MergeStmt): void {
  const table = lockTarget(context, statement.relation, 'MERGE')
  if (table === undefined) return
  const sources = sourcesOf(
    statement.sourceRelation === undefined ? [] : [statement.sourceRelation],
    statement.withClause,
  )
  const scope: ReachScope = {
    schema: context.schema,
    target: table,
    alias: statement.relation?.alias?.aliasname ?? table.name,
    ...sources,
  }
  for (const clause of allOf<MergeWhenClause>(statement.mergeWhenClauses, 'MergeWhenClause')) {
    const names = new Set(allOf<ResTarget>(clause.targetList, 'ResTarget').map(({ name = '' }) => name))
    if (clause.commandType === 'CMD_DELETE') lockChildrenOfDeleted(context, table)
    if (clause.commandType === 'CMD_UPDATE') lockChildrenOfUpdated(context, table, names)
    if (clause.commandType === 'CMD_INSERT') drawFromSequences(context, table, (column) => !names.has(column))
    lockParents(context, table, (column) => names.has(column))
  }
  context.effects.write(table, 'MERGE', reachOf(scope, statement.joinCondition), 'merge')
}

function writeRows(
  context: PredictContext,
  scope: ReachScope,
  command: 'UPDATE' | 'DELETE',
  where: Node | undefined,
): void {
  const reach = reachOf(scope, where)
  context.effects.write(scope.target, command, reach, `${command.toLowerCase()} ${reach}`)
  if (!readsAll(scope, reach, where)) return
  for (const heap of context.schema.withDescendants(scope.target)) {
    context.effects.scan(heap, 'read', `${command.toLowerCase()} without a usable index`)
  }
}

/** No condition, or none on the first column of any index. */
function readsAll(scope: ReachScope, reach: Reach, where: Node | undefined): boolean {
  if (reach === 'all rows') return true
  if (reach === 'bounded' || !scope.target.isKnown) return false
  const compared = boundedColumns(scope, where)
  const { schema, target } = scope
  return !schema.indexes(target.indexes).some(({ keys, isPlain }) => {
    const leading = target.columns.find(({ number }) => number === keys[0])?.name
    return !isPlain || (leading !== undefined && compared.has(leading))
  })
}

/** COPY. */
export function predictCopy(context: PredictContext, node: object): void {
  const statement = node as CopyStmt
  if (statement.query !== undefined) return predictQuery(context, statement.query)
  if (statement.is_from !== true) {
    const record = relationNamed(context, statement.relation)
    if (record === undefined) return
    context.effects.lock(record, 'AccessShareLock', 'copy to')
    return scanHeaps(context, record, record.kind === 'partitioned table')
  }
  const table = lockTarget(context, statement.relation, 'COPY')
  if (table === undefined) return
  const listed = words(statement.attlist)
  const isGiven = (column: string) => listed.length === 0 || listed.includes(column)
  drawFromSequences(context, table, (column) => !isGiven(column))
  lockParents(context, table, isGiven)
  // rows that stand in the file are as many as one can read; a server file may hold any number
  context.effects.write(table, 'COPY', statement.filename === undefined ? 'bounded' : 'filtered', 'copy from')
  runTriggers(context, table, 'INSERT')
}

/** EXPLAIN plans; only with ANALYZE it executes. */
export function predictExplain(context: PredictContext, node: object): void {
  const { query, options } = node as ExplainStmt
  const analyze = allOf<DefElem>(options, 'DefElem').find(({ defname }) => defname === 'analyze')
  const executes =
    analyze !== undefined && literalText(analyze.arg) !== 'false' && literalText(analyze.arg) !== 'off'
  if (query === undefined || unwrap(query)?.tag === 'ExecuteStmt') return
  if (executes) return predictQuery(context, query)
  planQuery(context, query, true)
}

/** PREPARE: locks for analysis, nothing is written. */
export function predictPrepare(context: PredictContext, node: object): void {
  const { query } = node as { query?: Node }
  if (query !== undefined) planQuery(context, query)
}

/** DECLARE CURSOR: locks for planning. */
export function predictCursor(context: PredictContext, node: object): void {
  const { query } = node as { query?: Node }
  if (query !== undefined) planQuery(context, query, true)
}

/** What planning a query locks; nothing is read or written. Only analysed, it is not yet expanded to partitions. */
export function planQuery(context: PredictContext, query: Node, expands = false): void {
  const parts = readQuery(query)
  for (const range of parts.rowLocked) lockRead(context, range, 'RowShareLock', expands)
  for (const range of parts.reads) lockRead(context, range, 'AccessShareLock', expands)
  for (const { tag, node } of parts.modifications) {
    const record = relationNamed(context, (node as { relation?: RangeVar }).relation)
    if (record === undefined) continue
    readThrough(context, record, (one) => {
      context.effects.lock(one, 'RowExclusiveLock', 'plan of a write')
      if (!expands || tag === 'InsertStmt' || !isTable(one)) return
      for (const child of context.schema.withDescendants(one)) {
        context.effects.lock(child, 'RowExclusiveLock', 'plan of a write')
      }
    })
  }
}

/** Locks what a query names, down to the tables behind views and, when the planner expands them, their partitions. */
function lockRead(context: PredictContext, range: RangeVar, mode: LockMode, expands: boolean): void {
  const record = relationNamed(context, range)
  if (record === undefined) return
  readThrough(context, record, (one) => {
    context.effects.lock(one, mode, 'read')
    if (!expands || !isTable(one) || range.inh !== true) return
    for (const child of context.schema.withDescendants(one)) context.effects.lock(child, mode, 'read')
  })
}
