import type {
  Effect,
  ErrorEffect,
  Limit,
  LockEffect,
  Migration,
  SessionSettings,
  Statement,
} from '../core/model.ts'
import type { DdlEvent } from '../postgres/event-triggers.ts'
import type { CatalogWatch } from './catalog-watch.ts'
import { canProbe, commandFor, isRollback } from './commands.ts'
import { SessionReader, toErrorEffect } from './session-reader.ts'
import type { RelationCatalog } from './relations.ts'
import type { ReplaySession } from './session.ts'
import type { WireError } from './wire.ts'
import { beginMessage, beginScript, endMessage, endScript, isPipelined } from './wrapping.ts'
import { isShort } from './untimed.ts'

/** One executed statement. */
export interface MeasuredStatement {
  readonly statement: Statement
  readonly effects: readonly Effect[]
  readonly settings: SessionSettings
  readonly durationMs: number
  /** Locks that the gate pass saw and that are not among the effects: they were given back early. */
  readonly gated?: readonly LockEffect[]
  /** Event triggers were there to see catalogue changes. */
  readonly sawCatalog: boolean
}

export interface MeasuredMigration {
  /** The statements that were executed, in order; the last one may carry the error. */
  readonly statements: readonly MeasuredStatement[]
  readonly failure?: MigrationFailure
  /** Statements that were left out here, said out loud. */
  readonly limits: readonly Limit[]
}

export interface MigrationFailure {
  readonly statement: Statement
  readonly error: ErrorEffect
  /** The watchdog stopped it. */
  readonly tooLong: boolean
  /** The session ended with it, and with that what the script had set in it. */
  readonly sessionLost: boolean
  /** A statement_timeout that was in force, where it leaves no time for measuring. */
  readonly shortTimeoutMs?: number
}

export interface MeasureOptions {
  readonly serverMajor: number
  /** The SQL to run instead of a statement, or why it must not run here at all. */
  readonly prepare: (statement: Statement) => { readonly sql: string } | { readonly refused: string }
  /** Tells our triggers' messages from the migration's own; undefined where we may not create event triggers. */
  readonly decodeEvent: ((message: string) => DdlEvent | undefined) | undefined
  /** Looks at the catalogue in the place of event triggers; absent: nobody does. */
  readonly watch?: CatalogWatch | undefined
  /** Bytes of temporary files that this cluster has written since the last call, where that can be known. */
  readonly newTempBytes: (() => Promise<number>) | undefined
}

/** How much of a script is run. */
export interface ScriptExtent {
  /** Index of the first statement; those before it have been committed. */
  readonly from: number
  /** Indexes of statements that are left out. */
  readonly without: ReadonlySet<number>
}

const wholeScript: ScriptExtent = { from: 0, without: new Set() }

interface Executed {
  readonly measured: MeasuredStatement
  readonly failure: MigrationFailure | undefined
}

/** Runs migrations in one session, statement by statement, and measures each. */
export class Measurement {
  private readonly session: ReplaySession
  private readonly options: MeasureOptions
  private readonly reader: SessionReader

  private constructor(session: ReplaySession, options: MeasureOptions, reader: SessionReader) {
    this.session = session
    this.options = options
    this.reader = reader
  }

  static async begin(
    session: ReplaySession,
    catalog: RelationCatalog,
    options: MeasureOptions,
  ): Promise<Measurement> {
    // before 15 nothing makes the server flush counters, so those of earlier scripts are still in the session
    const baseline = await session.read({ everyRelation: options.serverMajor < 15 })
    if (baseline === undefined) throw new Error('the baseline probe failed')
    return new Measurement(session, options, new SessionReader(catalog, options, baseline))
  }

  /** Runs one script in its wrapping. `endsRun`: it is the last of those that share one transaction (mode `run`). */
  async run(
    migration: Migration,
    endsRun: boolean,
    { from, without }: ScriptExtent = wholeScript,
  ): Promise<MeasuredMigration> {
    const rollsBack = migration.statements.some(isRollback)
    const measured: MeasuredStatement[] = []
    const limits: Limit[] = []
    const [first] = migration.statements
    const begins = first !== undefined && from === 0
    let failure = begins
      ? this.failureFor(migration, first, await beginScript(this.session, migration))
      : undefined
    for (const statement of migration.statements.slice(from)) {
      if (failure !== undefined) break
      failure = this.failureFor(migration, statement, await beginMessage(this.session, migration, statement))
      if (failure !== undefined) break
      if (!without.has(statement.index)) {
        const result = await this.runStatement(migration, statement, rollsBack)
        if ('refused' in result) limits.push(result.refused)
        else measured.push(result.measured)
        failure = 'refused' in result ? undefined : result.failure
      }
      const error = await endMessage(this.session, migration, statement)
      failure ??= this.failureFor(migration, statement, error)
    }
    const last = migration.statements.at(-1)
    if (failure === undefined && last !== undefined) {
      failure = this.failureFor(migration, last, await endScript(this.session, migration, endsRun))
    }
    if (failure !== undefined && this.session.wire.status !== 'I' && !this.session.wire.isLost) {
      await this.session.run([{ sql: 'rollback' }], true)
    }
    return {
      statements: withFailure(measured, failure),
      limits,
      ...(failure === undefined ? {} : { failure }),
    }
  }

  private async runStatement(
    migration: Migration,
    statement: Statement,
    rollsBack: boolean,
  ): Promise<Executed | { readonly refused: Limit }> {
    const prepared = this.options.prepare(statement)
    if ('refused' in prepared) {
      return {
        refused: { code: 'statement-refused', message: prepared.refused, span: statement.span },
      }
    }
    this.reader.enterTransaction(statement.transaction, rollsBack)
    return this.execute(migration, statement, prepared.sql, !isPipelined(migration, statement))
  }

  private async execute(
    migration: Migration,
    statement: Statement,
    sql: string,
    sync: boolean,
  ): Promise<Executed> {
    const command = commandFor(statement, sql)
    const { watch } = this.options
    const { result, reading, behind } = canProbe(statement)
      ? await this.session.runProbed(command, {
          sync,
          everyRelation: commitsByItself(statement),
          ...(watch === undefined ? {} : { behind: { sql: watch.sql } }),
        })
      : { result: (await this.session.run([command], sync))[0], reading: undefined, behind: undefined }
    const failure = this.failureFor(migration, statement, result?.error)
    const effects: Effect[] = [
      ...this.reader.effectsOf(statement, {
        reading: failure === undefined ? reading : undefined,
        notices: result?.notices ?? [],
        events: watch?.eventsOf(statement, behind, reading) ?? [],
      }),
    ]
    const durationMs = result?.durationMs ?? 0
    if (failure === undefined && durationMs >= shortestSpillMs && maySpill(statement, effects))
      effects.push(...(await this.tempEffect()))
    if (failure !== undefined) effects.push(failure.error)
    const sawCatalog = this.options.decodeEvent !== undefined
    return {
      measured: { statement, effects, settings: this.reader.settings, durationMs, sawCatalog },
      failure,
    }
  }

  /** Temporary files since the last look; statements that were not looked at wrote none. */
  private async tempEffect(): Promise<readonly Effect[]> {
    const bytes = (await this.options.newTempBytes?.()) ?? 0
    return bytes > 0 ? [{ kind: 'temp', bytes }] : []
  }

  private failureFor(
    migration: Migration,
    statement: Statement,
    cause: WireError | undefined,
  ): MigrationFailure | undefined {
    if (cause === undefined) return undefined
    const error = toErrorEffect(cause, statement, migration.text)
    const timeoutMs = this.session.lastReading?.statementTimeoutMs ?? 0
    return {
      statement,
      error,
      tooLong: this.session.interruption === 'too long',
      sessionLost: this.session.wire.isLost,
      ...(isShort(timeoutMs) ? { shortTimeoutMs: timeoutMs } : {}),
    }
  }
}

/** VACUUM, CLUSTER, REINDEX and everything CONCURRENTLY: locks are gone when the probe looks. */
export function commitsByItself({ tag, node }: Pick<Statement, 'tag' | 'node'>): boolean {
  if (tag === 'VacuumStmt' || tag === 'ClusterStmt' || tag === 'ReindexStmt') return true
  return (tag === 'IndexStmt' || tag === 'DropStmt') && node?.['concurrent'] === true
}

function withFailure(
  measured: readonly MeasuredStatement[],
  failure: MigrationFailure | undefined,
): readonly MeasuredStatement[] {
  const last = measured.at(-1)
  // an error at COMMIT comes after the last statement had succeeded: it is shown there
  if (failure === undefined || last === undefined || last.effects.includes(failure.error)) return measured
  return [...measured.slice(0, -1), { ...last, effects: [...last.effects, failure.error] }]
}

/**
 * Nobody sorts or hashes more than work_mem (4 MB) in less time, and a look costs a round trip and a walk through
 * all statistics.
 */
const shortestSpillMs = 5

/** Only what reads or sorts much can spill. */
function maySpill({ tag }: Statement, effects: readonly Effect[]): boolean {
  if (effects.some(({ kind }) => kind === 'scan' || kind === 'rewrite' || kind === 'write')) return true
  return tag === 'SelectStmt' || tag === 'CreateTableAsStmt' || tag === 'DoStmt' || tag === 'CallStmt'
}
