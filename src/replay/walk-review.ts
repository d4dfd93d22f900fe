/** Goes through the migrations under review on a copy, statement by statement, as their tool would. */
import type { Migration, Statement, StatementRef } from '../core/model.ts'
import type { QueryStage } from './query-stage.ts'
import { commandFor } from './commands.ts'
import { ReplaySession } from './session.ts'
import { watchdogOf } from './stage.ts'
import { standIn } from './stand-in.ts'
import { beginScript, endScript, isPipelined, partOf } from './wrapping.ts'

/** What is told on the way. */
export interface Walker {
  /** After a statement, while its transaction is still open in this session. */
  inside(session: ReplaySession, statement: PlacedStatement): Promise<void>
  /** When these have committed. False: the rest of the way is of no interest. */
  committed(statements: readonly PlacedStatement[]): Promise<boolean>
}

/** A statement and where it stands. */
export interface PlacedStatement {
  readonly statement: Statement
  readonly ref: StatementRef
}

/** All statements under review, in order, by the transaction they commit in. */
export function reviewedTransactions(review: readonly Migration[]): readonly (readonly PlacedStatement[])[] {
  const groups = new Map<number, PlacedStatement[]>()
  for (const { file, statements } of review) {
    for (const statement of statements) {
      const placed = { statement, ref: { file, index: statement.index, span: statement.span } }
      groups.set(statement.transaction, [...(groups.get(statement.transaction) ?? []), placed])
    }
  }
  return [...groups.values()]
}

/** Walks to the end, or to where the walker has seen enough. False: a statement failed on the way. */
export async function walkReview(stage: QueryStage, database: string, walker: Walker): Promise<boolean> {
  await using watchdog = await watchdogOf(stage.server)
  await using session = await ReplaySession.open(
    stage.server,
    database,
    watchdog.client,
    stage.sessionOptions,
  )
  const walk = new Walk(stage, session, walker)
  for (const [index, migration] of stage.review.entries()) {
    const endsRun = stage.review[index + 1]?.transaction.mode !== 'run'
    const outcome = await walk.migration(migration, endsRun)
    if (outcome !== 'goes on') return outcome === 'enough'
  }
  return true
}

type Outcome = 'goes on' | 'enough' | 'failed'

class Walk {
  private readonly stage: QueryStage
  private readonly session: ReplaySession
  private readonly walker: Walker
  private pending: PlacedStatement[] = []

  constructor(stage: QueryStage, session: ReplaySession, walker: Walker) {
    this.stage = stage
    this.session = session
    this.walker = walker
  }

  async migration(migration: Migration, endsRun: boolean): Promise<Outcome> {
    const { file, statements } = migration
    if ((await beginScript(this.session, migration)) !== undefined) return 'failed'
    for (const statement of statements) {
      if (!(await this.begin(migration, statement))) return 'failed'
      const outcome = await this.statement({
        statement,
        ref: { file, index: statement.index, span: statement.span },
      })
      if (outcome !== 'goes on') return outcome
      if (!(await this.end(migration, statement))) return 'failed'
      const told = await this.tellCommitted()
      if (told !== 'goes on') return told
    }
    if ((await endScript(this.session, migration, endsRun)) !== undefined) return 'failed'
    const outcome = await this.tellCommitted()
    await this.leave(endsRun)
    return outcome
  }

  private async statement(placed: PlacedStatement): Promise<Outcome> {
    const { statement } = placed
    const prepared = standIn(this.stage.server, statement, true)
    this.pending.push(placed)
    if ('refused' in prepared) return 'goes on'
    const [result] = await this.session.run([commandFor(statement, prepared.sql)], true)
    if (result?.error !== undefined) return 'failed'
    if (this.session.wire.status === 'T') await this.walker.inside(this.session, placed)
    return this.tellCommitted()
  }

  private async tellCommitted(): Promise<Outcome> {
    if (this.session.wire.status !== 'I' || this.pending.length === 0) return 'goes on'
    const committed = this.pending
    this.pending = []
    return (await this.walker.committed(committed)) ? 'goes on' : 'enough'
  }

  /** What travels in one pipeline is put into a block, so that something can be asked within. */
  private async begin(migration: Migration, statement: Statement): Promise<boolean> {
    const isFirst = partOf(migration.statements, statement)[0] === statement
    if (!isFirst || !isPipelined(migration, statement)) return true
    const [result] = await this.session.run([{ sql: 'begin' }], true)
    return result?.error === undefined
  }

  private async end(migration: Migration, statement: Statement): Promise<boolean> {
    const isLast = partOf(migration.statements, statement).at(-1) === statement
    if (!isLast || !isPipelined(migration, statement) || this.session.wire.status === 'I') return true
    const [result] = await this.session.run([{ sql: 'commit' }], true)
    return result?.error === undefined
  }

  private async leave(endsRun: boolean): Promise<void> {
    if (!endsRun && this.session.wire.status !== 'I') return
    if (!this.stage.sharesSession || this.session.wire.isLost) await this.session.renew()
  }
}
