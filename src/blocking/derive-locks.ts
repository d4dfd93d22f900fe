/** The locks that a statement takes when it is executed, as the catalogue tells. */
import type {
  CallStmt,
  CopyStmt,
  DeclareCursorStmt,
  DeleteStmt,
  DoStmt,
  FuncCall,
  InsertStmt,
  LockStmt,
  MergeStmt,
  MergeWhenClause,
  Node,
  RangeVar,
  RefreshMatViewStmt,
  TruncateStmt,
  UpdateStmt,
} from '@pgsql/types'
import { lockModes } from '../core/locks.ts'
import type { LockMode } from '../core/model.ts'
import { allOf, literalText, unwrap, words, type UnwrappedNode } from '../sql/ast.ts'
import { nameFromWords, relationName, splitIdentifierList, type SearchPath } from '../sql/names.ts'
import { readQuery, type Modification } from '../sql/query.ts'
import { readDoBlock, type RoutineBody } from '../sql/routine-body.ts'
import { allColumns, insertedColumns, mergedColumns, noAssignments, updatedColumns } from './assignments.ts'
import type { Derivation, Scope, Write } from './derivation.ts'
import { Footprint, itself, type TakenLock, type Via } from './footprint.ts'
import { bodyOf, pathOf } from './function-body.ts'
import type { LockCatalog, LockFunction, LockRelation } from './lock-catalog.ts'
import { rangesOf, serialCall } from './statement-parts.ts'
import { fireTruncate, followPolicies, followWrite } from './write-edges.ts'

/** What a statement locks, and why that may not be all. */
export interface DerivedLocks {
  readonly locks: readonly TakenLock[]
  /** Sentences without full stop; empty when everything could be followed. */
  readonly unknown: readonly string[]
}

/** A lock that Postgres was seen to take for the statement. */
export interface MeasuredLock {
  readonly oid: string
  readonly mode: LockMode
}

export interface DeriveOptions {
  readonly path: SearchPath
  /** For DO blocks. */
  readonly sql: string
  /** What planning it locks; empty where it was not planned. */
  readonly measured: readonly MeasuredLock[]
}

/** Everything that the statement and what it sets off may lock, whatever its parameters are. */
export function deriveLocks(
  catalog: LockCatalog,
  statement: UnwrappedNode | undefined,
  { path, sql, measured }: DeriveOptions,
): DerivedLocks {
  const walk = new Walk(catalog, sql, measured.length > 0)
  walk.addMeasured(measured, statement, path)
  try {
    if (statement === undefined) walk.unknown('our parser does not know its syntax')
    else walk.statement(statement, { path, via: itself })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    walk.unknown('what it sets off goes deeper than can be followed')
  }
  return { locks: walk.footprint.all(), unknown: [...walk.reasons] }
}

/** Statements that touch no table. */
const harmless: ReadonlySet<string> = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'ListenStmt',
  'UnlistenStmt',
  'NotifyStmt',
  'DeallocateStmt',
  'ClosePortalStmt',
  'FetchStmt',
  'ConstraintsSetStmt',
  'DiscardStmt',
  'CheckPointStmt',
])

const queries: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  // its WHEN
  'CreateTrigStmt',
  'CreateTableAsStmt',
  'DeclareCursorStmt',
  'ExplainStmt',
  'PrepareStmt',
])

/** From this major on get_relation_info() looks at the indexes of partitioned tables. */
const plansPartitionedIndexes = 16

class Walk implements Derivation {
  readonly catalog: LockCatalog
  readonly footprint = new Footprint()
  readonly reasons = new Set<string>()
  private readonly sql: string
  private readonly isPlanned: boolean
  private readonly seen = new Set<string>()

  constructor(catalog: LockCatalog, sql: string, isPlanned: boolean) {
    this.catalog = catalog
    this.sql = sql
    this.isPlanned = isPlanned
  }

  /** Partitions that the statement does not name are there because of their table. */
  addMeasured(
    measured: readonly MeasuredLock[],
    statement: UnwrappedNode | undefined,
    path: SearchPath,
  ): void {
    const named = new Set(
      rangesOf(statement).flatMap((range) => this.catalog.named(relationName(range), path)?.oid ?? []),
    )
    for (const { oid, mode } of measured) {
      const relation = this.catalog.relation(oid)
      if (relation === undefined) continue
      const table = relation.table_oid === null ? relation : this.catalog.relation(relation.table_oid)
      const isNamed = named.has(table?.oid ?? oid)
      this.footprint.add(relation, mode, isNamed ? itself : this.viaPartition(table ?? relation, itself))
    }
  }

  isFirst(key: string): boolean {
    if (this.seen.has(key)) return false
    this.seen.add(key)
    return true
  }

  lock(relation: LockRelation, mode: LockMode, via: Via): void {
    this.footprint.add(relation, mode, via)
    if (relation.kind === 'partitioned table' && this.catalog.serverMajor < plansPartitionedIndexes) return
    for (const index of relation.indexes) this.footprint.add(index, mode, via)
  }

  lockAlone(relation: LockRelation, mode: LockMode, via: Via): void {
    this.footprint.add(relation, mode, via)
  }

  lockTree(relation: LockRelation, mode: LockMode, via: Via): void {
    // planning knows better which partitions the query needs
    if (this.isPlanned && via.through === 'itself') return this.lock(relation, mode, via)
    for (const one of this.catalog.withDescendants(relation)) {
      this.lock(one, mode, one === relation ? via : this.viaPartition(one, via))
    }
  }

  private viaPartition(relation: LockRelation, via: Via): Via {
    if (!relation.is_partition || via.through !== 'itself') return via
    const { schema, name } = this.catalog.root(relation)
    return { through: 'partition', name: `${schema}.${name}` }
  }

  unknown(why: string): void {
    this.reasons.add(why)
  }

  statement(statement: UnwrappedNode, scope: Scope): void {
    const { tag, value } = statement
    if (harmless.has(tag)) return
    switch (tag) {
      case 'CallStmt':
        return this.query({ FuncCall: (value as CallStmt).funccall }, scope)
      case 'CopyStmt':
        return this.copy(value as CopyStmt, scope)
      case 'TruncateStmt':
        return this.truncate(value as TruncateStmt, scope)
      case 'LockStmt':
        return this.lockTables(value as LockStmt, scope)
      case 'RefreshMatViewStmt':
        return this.refresh(value as RefreshMatViewStmt, scope)
      case 'DoStmt':
        return this.body('the DO block', readDoBlock(value as DoStmt, this.sql), scope)
      case 'DeclareCursorStmt':
        return this.inner((value as DeclareCursorStmt).query, scope)
      default:
        break
    }
    if (!queries.has(tag) && tag.endsWith('Stmt'))
      this.unknown(`it runs a statement that is no query (${tag})`)
    else this.query({ [tag]: value }, scope)
  }

  private inner(node: Node | undefined, scope: Scope): void {
    const statement = unwrap(node)
    if (statement !== undefined) this.statement(statement, scope)
  }

  expression(text: string, via: Via): void {
    // what calls nothing and has no sub-select locks nothing
    if (!text.includes('(') || !this.isFirst(`expression ${via.through} ${via.name ?? ''} ${text}`)) return
    const parsed = this.catalog.parsed(`SELECT ${text}`)
    if (parsed === undefined) this.unknown(`an expression cannot be read: ${text.slice(0, 100)}`)
    else this.query({ [parsed.tag]: parsed.value }, { path: [], via })
  }

  private query(query: object, scope: Scope): void {
    const { reads, rowLocked, modifications, calls } = readQuery(query)
    for (const range of rowLocked) this.readRange(range, 'RowShareLock', scope)
    for (const range of reads) this.readRange(range, 'AccessShareLock', scope)
    for (const call of calls) this.call(call, scope)
    for (const modification of modifications) this.modify(modification, scope)
  }

  private readRange(range: RangeVar, mode: LockMode, scope: Scope): void {
    const relation = this.catalog.named(relationName(range), scope.path)
    if (relation !== undefined) this.read(relation, mode, range.inh === true, scope)
  }

  private read(relation: LockRelation, mode: LockMode, inherits: boolean, scope: Scope): void {
    if (!this.isFirst(`read ${relation.oid} ${mode} ${String(inherits)}`)) return
    if (inherits) this.lockTree(relation, mode, scope.via)
    else this.lock(relation, mode, scope.via)
    followPolicies(this, relation, mode === 'RowShareLock' ? 'rw' : 'r')
    if (relation.kind !== 'view') return
    const parsed = this.catalog.parsed(relation.definition ?? '')
    if (parsed === undefined) return this.unknown(`the view ${relation.name} cannot be read`)
    const inner = { ...scope, path: [] }
    // FOR UPDATE of a view goes down to what it shows (markQueryForLocking(), rewriteHandler.c)
    if (mode === 'RowShareLock') {
      for (const range of readQuery({ [parsed.tag]: parsed.value }).reads) this.readRange(range, mode, inner)
    }
    this.query({ [parsed.tag]: parsed.value }, inner)
  }

  private call(call: FuncCall, scope: Scope): void {
    const name = nameFromWords(words(call.funcname))
    if (sequenceFunctions.has(name.name)) return this.sequence(call, scope)
    const called = this.catalog.functionsNamed(name, scope.path, call.args?.length ?? 0)
    for (const one of called) {
      this.callFunction(one, { ...scope, via: { through: 'function', name: one.name } })
    }
  }

  /** nextval() and its kin lock their sequence (lock_and_open_sequence(), sequence.c). */
  private sequence(call: FuncCall, scope: Scope): void {
    const [argument] = call.args ?? []
    const text = literalText(argument)
    if (text === undefined) return this.serialSequence(argument, scope)
    const sequence = this.catalog.named(
      nameFromWords(splitIdentifierList(text.replaceAll('.', ','))),
      scope.path,
    )
    if (sequence !== undefined) this.draw(sequence)
  }

  private draw(sequence: LockRelation): void {
    this.footprint.add(sequence, 'RowExclusiveLock', { through: 'sequence', name: sequence.name })
  }

  /** nextval(pg_get_serial_sequence('orders', 'id')) */
  private serialSequence(argument: Node | undefined, scope: Scope): void {
    const call = serialCall(argument)
    const [table, column] = (call?.args ?? []).map(literalText)
    const names = splitIdentifierList((table ?? '').replaceAll('.', ','))
    const relation = this.catalog.named(nameFromWords(names), scope.path)
    const found = relation?.columns.find(({ name }) => name === column)
    const sequence = found === undefined ? undefined : this.catalog.sequenceOf(found)
    if (sequence === undefined) this.unknown('which sequence it draws from is decided at run time')
    else this.draw(sequence)
  }

  callFunction(called: LockFunction, scope: Scope): void {
    if (!this.isFirst(`function ${called.oid} ${scope.via.through} ${scope.via.name ?? ''}`)) return
    for (const part of called.parts ?? []) {
      const record = this.catalog.function(part)
      if (record !== undefined) this.callFunction(record, scope)
    }
    if (called.parts !== null) return
    const what = describe(called, scope.via)
    this.body(what, bodyOf(called), { ...scope, path: pathOf(called, scope.path) })
  }

  private body(what: string, { statements, unknown }: RoutineBody, scope: Scope): void {
    if (unknown !== undefined) this.unknown(`${what} ${unknown}`)
    for (const statement of statements) this.statement(statement, scope)
  }

  private modify({ tag, node }: Modification, scope: Scope): void {
    switch (tag) {
      case 'InsertStmt':
        return this.insert(node as InsertStmt, scope)
      case 'UpdateStmt': {
        const { relation, targetList } = node as UpdateStmt
        return this.write(relation, 'UPDATE', updatedColumns(targetList), scope)
      }
      case 'DeleteStmt':
        return this.write((node as DeleteStmt).relation, 'DELETE', noAssignments, scope)
      case 'MergeStmt':
        return this.merge(node as MergeStmt, scope)
    }
  }

  private write(
    range: RangeVar | undefined,
    command: Write['command'],
    values: Write['values'],
    scope: Scope,
  ): void {
    const relation = range === undefined ? undefined : this.catalog.named(relationName(range), scope.path)
    if (relation === undefined) return
    followWrite(this, { relation, command, only: range?.inh !== true, values }, scope)
  }

  private insert(statement: InsertStmt, scope: Scope): void {
    const { relation: range, onConflictClause: conflict } = statement
    this.write(range, 'INSERT', insertedColumns(statement, this.columnsOf(range, scope)), scope)
    if (conflict?.action !== 'ONCONFLICT_UPDATE') return
    this.write(range, 'UPDATE', updatedColumns(conflict.targetList), scope)
  }

  private merge({ relation, mergeWhenClauses }: MergeStmt, scope: Scope): void {
    const columns = this.columnsOf(relation, scope)
    for (const clause of allOf<MergeWhenClause>(mergeWhenClauses, 'MergeWhenClause')) {
      const { commandType, targetList, values } = clause
      if (commandType === 'CMD_UPDATE') this.write(relation, 'UPDATE', updatedColumns(targetList), scope)
      if (commandType === 'CMD_DELETE') this.write(relation, 'DELETE', noAssignments, scope)
      if (commandType === 'CMD_INSERT') {
        this.write(relation, 'INSERT', mergedColumns(targetList, values, columns), scope)
      }
    }
  }

  private columnsOf(range: RangeVar | undefined, scope: Scope): readonly string[] {
    const relation = range === undefined ? undefined : this.catalog.named(relationName(range), scope.path)
    return relation?.columns.map(({ name }) => name) ?? []
  }

  private copy({ relation, query, is_from: isFrom, attlist }: CopyStmt, scope: Scope): void {
    if (isFrom !== true) {
      if (relation !== undefined) this.readRange({ ...relation, inh: false }, 'AccessShareLock', scope)
      return this.inner(query, scope)
    }
    const named = words(attlist)
    const columns = named.length > 0 ? named : this.columnsOf(relation, scope)
    this.write(relation, 'INSERT', allColumns(columns), scope)
  }

  private truncate({ relations, behavior }: TruncateStmt, scope: Scope): void {
    for (const range of allOf<RangeVar>(relations, 'RangeVar')) {
      const relation = this.catalog.named(relationName(range), scope.path)
      if (relation !== undefined) this.truncateOne(relation, behavior === 'DROP_CASCADE', scope)
    }
  }

  private truncateOne(relation: LockRelation, cascades: boolean, scope: Scope): void {
    if (!this.isFirst(`truncate ${relation.oid}`)) return
    this.lockTree(relation, 'AccessExclusiveLock', scope.via)
    fireTruncate(this, relation, scope)
    if (!cascades) return
    for (const { child, name } of this.catalog.referencing(relation.oid)) {
      this.truncateOne(child, true, { ...scope, via: { through: 'foreign key', name } })
    }
  }

  private lockTables({ relations, mode }: LockStmt, scope: Scope): void {
    for (const range of allOf<RangeVar>(relations, 'RangeVar')) {
      const relation = this.catalog.named(relationName(range), scope.path)
      const lockMode = lockModes[(mode ?? 8) - 1] ?? 'AccessExclusiveLock'
      if (relation === undefined) continue
      for (const one of range.inh === true ? this.catalog.withDescendants(relation) : [relation]) {
        // LOCK leaves indexes alone
        this.footprint.add(one, lockMode, this.viaPartition(one, scope.via))
      }
    }
  }

  private refresh({ relation: range, concurrent }: RefreshMatViewStmt, scope: Scope): void {
    const relation = range === undefined ? undefined : this.catalog.named(relationName(range), scope.path)
    if (relation === undefined) return
    this.lock(relation, concurrent === true ? 'ExclusiveLock' : 'AccessExclusiveLock', scope.via)
    const parsed = this.catalog.parsed(relation.definition ?? '')
    if (parsed !== undefined) this.statement(parsed, { ...scope, path: [] })
  }
}

const sequenceFunctions: ReadonlySet<string> = new Set(['nextval', 'currval', 'setval'])

function describe({ name }: LockFunction, { through, name: by = '' }: Via): string {
  return through === 'trigger' ? `the trigger ${by} runs ${name}(), which` : `the function ${name}()`
}
