import type { DoStmt, FuncCall, ResTarget, SelectStmt, TransactionStmt } from '@pgsql/types'
import type { Migration, Statement } from '../core/model.ts'
import { allOf, as, words } from '../sql/ast.ts'
import { nameFromWords } from '../sql/names.ts'
import { readDoBlock, readFunctionBody, type RoutineBody } from '../sql/routine-body.ts'
import { applyStatement } from '../sql/schema-apply.ts'
import type { ChangeScope } from '../sql/schema-scope.ts'
import { Schema } from '../sql/schema.ts'
import type { PredictContext } from './context.ts'
import { EffectCollector, type HeldLocks } from './effects.ts'
import type { PredictionInput, StatementPrediction } from './prediction.ts'
import { Session } from './session.ts'
import { predict } from './statements.ts'

interface Savepoint {
  readonly name: string
  readonly schema: number
  readonly held: HeldLocks
}

/** Follows a run through its migrations: schema, session and the open transaction's locks. */
export class PredictionRun {
  readonly schema: Schema
  private readonly session: Session
  private readonly serverMajor: number
  private readonly sharesSession: boolean
  private isUnderReview = false
  private transaction: number | undefined
  private held: HeldLocks = new Map()
  private savepoints: Savepoint[] = []

  constructor(input: PredictionInput) {
    this.schema = new Schema({
      isComplete: input.history.length > 0,
      canRollBack: [...input.history, ...input.review].some(rollsBack),
    })
    this.session = new Session(input.timeZone, input.settings)
    this.serverMajor = input.serverMajor ?? 18
    this.sharesSession = input.sharesSession ?? false
  }

  /** From now on what is created is new to everybody. */
  beginReview(): void {
    this.endTransaction()
    this.transaction = undefined
    this.isUnderReview = true
  }

  /** Brings the schema up to date with a migration of the history. */
  read(migration: Migration): void {
    this.beginMigration(migration)
    for (const statement of migration.statements) {
      this.enter(statement)
      const { tag, node } = statement
      if (node === undefined) continue
      if (tag === 'TransactionStmt') this.controlTransaction(node)
      else this.replayChanges(this.scope(statement.sql), tag, node)
      this.session.apply(tag, node)
    }
  }

  predict(migration: Migration): readonly StatementPrediction[] {
    this.beginMigration(migration)
    return migration.statements.map((statement) => this.predictStatement(statement))
  }

  private predictStatement(statement: Statement): StatementPrediction {
    this.enter(statement)
    const { settings } = this.session
    const { tag, node, sql } = statement
    if (node === undefined) {
      return { effects: [], settings, unknown: 'our parser does not know the syntax' }
    }
    if (tag === 'TransactionStmt') {
      this.controlTransaction(node)
      return { effects: [], settings }
    }
    const effects = new EffectCollector(this.schema, this.held)
    const context: PredictContext = {
      schema: this.schema,
      path: this.session.path,
      isUnderReview: this.isUnderReview,
      sql,
      report: (object, existedBefore, change) => effects.catalog(object, existedBefore, change),
      effects,
      settings,
      serverMajor: this.serverMajor,
      inTransactionBlock: statement.inTransactionBlock,
      callStack: [],
      run: runNested,
    }
    runNested(context, tag, node)
    this.session.apply(tag, node)
    const prediction = { effects: effects.finish(), settings }
    return effects.unknown === undefined ? prediction : { ...prediction, unknown: effects.unknown }
  }

  private scope(sql: string): ChangeScope {
    return { schema: this.schema, path: this.session.path, isUnderReview: this.isUnderReview, sql }
  }

  /** DO blocks and calls of known functions change the schema too. */
  private replayChanges(scope: ChangeScope, tag: string, node: object, depth = 0): void {
    const body = bodyOf(scope, tag, node)
    if (body === undefined) return applyStatement(scope, tag, node)
    if (depth > maximumDepth) return
    for (const inner of body.statements) this.replayChanges(scope, inner.tag, inner.value, depth + 1)
  }

  private beginMigration(migration: Migration): void {
    if (this.sharesSession) return
    const [first] = migration.statements
    // all files in one transaction are in one session, too
    if (first !== undefined && first.transaction === this.transaction) return
    this.endTransaction()
    this.session.reset()
    this.schema.dropTemporary()
  }

  /** Notices that the last transaction has ended. */
  private enter(statement: Statement): void {
    if (statement.transaction === this.transaction) return
    this.endTransaction()
    this.transaction = statement.transaction
  }

  private endTransaction(): void {
    this.schema.commit()
    this.session.commit()
    this.held = new Map()
    this.savepoints = []
  }

  private controlTransaction(node: object): void {
    const { kind, savepoint_name: name = '' } = node as TransactionStmt
    switch (kind) {
      case 'TRANS_STMT_ROLLBACK':
        this.schema.rollbackTo(0)
        this.session.rollback()
        return this.endTransaction()
      case 'TRANS_STMT_COMMIT':
      case 'TRANS_STMT_PREPARE':
        return this.endTransaction()
      case 'TRANS_STMT_SAVEPOINT':
        this.savepoints.push({ name, schema: this.schema.savepoint(), held: new Map(this.held) })
        return
      case 'TRANS_STMT_ROLLBACK_TO': {
        const position = this.savepoints.findLastIndex((savepoint) => savepoint.name === name)
        const savepoint = this.savepoints[position]
        if (savepoint === undefined) return
        this.schema.rollbackTo(savepoint.schema)
        this.held = new Map(savepoint.held)
        this.savepoints.length = position + 1
        return
      }
      default:
    }
  }
}

function rollsBack({ statements }: Migration): boolean {
  return statements.some(
    ({ tag, node }) => tag === 'TransactionStmt' && String(node?.['kind']).startsWith('TRANS_STMT_ROLLBACK'),
  )
}

const maximumDepth = 8

/** Predicts one statement and brings the schema up to date with it, unless it is certain to fail. */
function runNested(context: PredictContext, tag: string, node: object): void {
  predict(context, tag, node)
  if (!context.effects.hasFailed) applyStatement(context, tag, node)
}

/** The body that a statement of the history runs, when it is DO, CALL or a SELECT of one known function. */
function bodyOf(scope: ChangeScope, tag: string, node: object): RoutineBody | undefined {
  if (tag === 'DoStmt') return readDoBlock(node as DoStmt, scope.sql ?? '')
  const call =
    tag === 'CallStmt'
      ? (node as { funccall?: FuncCall }).funccall
      : tag === 'SelectStmt' && (node as SelectStmt).fromClause === undefined
        ? as<FuncCall>(allOf<ResTarget>((node as SelectStmt).targetList, 'ResTarget')[0]?.val, 'FuncCall')
        : undefined
  if (call === undefined) return undefined
  const [routine] = scope.schema.function(nameFromWords(words(call.funcname)), scope.path)
  return routine === undefined ? undefined : readFunctionBody(routine)
}
