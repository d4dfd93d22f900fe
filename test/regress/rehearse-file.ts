import type { Client } from 'pg'
import type { Effect, Migration, Statement } from '../../src/core/model.ts'
import { decodeEvent, installEventTriggers } from '../../src/postgres/event-triggers.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { PredictionRun } from '../../src/predict/run.ts'
import { Measurement, type MeasuredStatement } from '../../src/replay/measure.ts'
import { RelationCatalog } from '../../src/replay/relations.ts'
import { ReplaySession } from '../../src/replay/session.ts'
import { parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { statementDisagreements } from '../replay/compare-model.ts'
import { script } from '../sql/scripts.ts'
import { groupBy } from '../../src/core/groups.ts'
import { settle } from './settle.ts'

/** What became of one file. */
export interface FileOutcome {
  readonly file: string
  readonly statements: number
  /** The server took it, and its transaction was not undone by a later error. */
  readonly replayed: number
  /** Of those: our parser did not know them. */
  readonly unparsed: readonly string[]
  /** Of those: the prediction says that it cannot see inside. */
  readonly unknown: number
  readonly compared: number
  /** Statements with something to compare on either side. */
  readonly withEffects: number
  /** Of those: no queries, and nothing that runs code. */
  readonly schemaChanges: number
  readonly disagreements: readonly Disagreement[]
  readonly seconds: number
  /** Why it is not complete. */
  readonly cutShort?: string
}

export interface Disagreement {
  readonly statement: Statement
  readonly differences: readonly string[]
  readonly hasEffects: boolean
}

export interface FileRequest {
  readonly server: PostgresServer
  /** A copy is made of it. */
  readonly template: string | undefined
  readonly file: string
  readonly text: string
  /** Statements that made the template. */
  readonly history: readonly Migration[]
  readonly statementTimeoutMs: number
  readonly fileTimeoutMs: number
}

const marker = 'regress'

/** Rehearses a file in a database of its own; gives the statements that went through, as history for others. */
export async function rehearseFile(
  request: FileRequest,
): Promise<{ readonly outcome: FileOutcome; readonly history: Migration; readonly database: string }> {
  const { server, template, file, text } = request
  const [migration] = layOutTransactions([parseScript(script(text, 'statement', file))], false)
  if (migration === undefined) throw new Error('no migration')
  const database = await server.createDatabase(template === undefined ? {} : { template })
  const [watchdog, admin] = [await server.connectAdmin(), await server.connectAdmin(database)]
  admin.on('error', () => undefined)
  try {
    if (template === undefined) await installEventTriggers(admin, marker)
    await using session = await ReplaySession.open(server, database, watchdog, {
      statementTimeoutMs: request.statementTimeoutMs,
      signal: new AbortController().signal,
      scriptsDiscard: true,
      scriptsSetDefaults: true,
    })
    const rehearsal = new FileRehearsal(request, migration, session, admin)
    await rehearsal.run()
    return { outcome: rehearsal.outcome(), history: rehearsal.kept(), database }
  } finally {
    await admin.end().catch(() => undefined)
    await watchdog.end()
  }
}

class FileRehearsal {
  private readonly request: FileRequest
  private readonly migration: Migration
  private readonly session: ReplaySession
  private readonly admin: Client
  private readonly prediction: PredictionRun
  private readonly begun = performance.now()
  private readonly keptStatements: Statement[] = []
  private readonly unparsed: string[] = []
  private readonly disagreements: Disagreement[] = []
  private replayed = 0
  private unknown = 0
  private compared = 0
  private withEffects = 0
  private schemaChanges = 0
  private cutShort: string | undefined

  constructor(request: FileRequest, migration: Migration, session: ReplaySession, admin: Client) {
    this.request = request
    this.migration = migration
    this.session = session
    this.admin = admin
    const { history, server } = request
    this.prediction = new PredictionRun({
      history: [...history, migration],
      review: [],
      timeZone: 'PST8PDT',
      serverMajor: server.major,
      sharesSession: true,
    })
    for (const one of history) {
      this.prediction.read(one)
      this.prediction.schema.dropTemporary()
    }
    this.prediction.beginReview()
  }

  async run(): Promise<void> {
    let catalog = await RelationCatalog.read(this.admin)
    for (const group of groupBy(this.migration.statements, ({ transaction }) => transaction).values()) {
      if (performance.now() - this.begun > this.request.fileTimeoutMs) {
        this.cutShort = `${this.migration.statements.length - this.keptStatements.length} statements were left when the time was up`
        return
      }
      const statements = group.map((statement, index) => ({ ...statement, index }))
      const part = { ...this.migration, statements }
      const measured = await this.measure(part, catalog)
      if (measured === undefined) continue
      this.keptStatements.push(...group)
      this.compare(part, measured)
      settle(this.prediction.schema)
      if (statements.some(({ tag }) => !changesNoSchema.has(tag)))
        catalog = await RelationCatalog.read(this.admin)
    }
  }

  /** Undefined where a statement failed: then its transaction is gone. */
  private async measure(
    part: Migration,
    catalog: RelationCatalog,
  ): Promise<readonly MeasuredStatement[] | undefined> {
    const measurement = await Measurement.begin(this.session, catalog, {
      serverMajor: this.request.server.major,
      prepare: ({ sql }) => ({ sql }),
      decodeEvent: (message) => decodeEvent(marker, message),
      newTempBytes: undefined,
    }).catch(async () => {
      // a script may have left the session in a role or with settings that the probe does not survive
      await this.session.renew()
      return undefined
    })
    if (measurement === undefined) return undefined
    const { statements, failure } = await measurement.run(part, true)
    if (failure?.sessionLost === true || this.session.wire.isLost) await this.session.renew()
    return failure === undefined ? statements : undefined
  }

  private compare(part: Migration, measured: readonly MeasuredStatement[]): void {
    const predictions = this.prediction.predict(part)
    this.replayed += measured.length
    for (const { statement, effects } of measured) {
      if (statement.node === undefined) {
        this.unparsed.push(`${statement.span.start.line}: ${statement.sql}`)
        continue
      }
      const prediction = predictions[statement.index]
      if (prediction?.unknown !== undefined) this.unknown += 1
      const own =
        prediction === undefined ? undefined : { ...prediction, effects: prediction.effects.filter(isShared) }
      const seen = effects.filter(isShared)
      const differences = statementDisagreements(own, statement, seen)
      if (differences === undefined) continue
      const hasEffects = [...seen, ...(own?.effects ?? [])].some(isCompared)
      this.compared += 1
      if (hasEffects) this.withEffects += 1
      if (hasEffects && isSchemaChange(statement)) this.schemaChanges += 1
      if (differences.length > 0) this.disagreements.push({ statement, differences, hasEffects })
    }
  }

  /** What others stand on; it ends as a session does. */
  kept(): Migration {
    const [end] = layOutTransactions([parseScript(script('reset all', 'statement'))], false)
    const transaction = (this.migration.statements.at(-1)?.transaction ?? 0) + 1
    const ends = (end?.statements ?? []).map((one) => ({ ...one, transaction }))
    const statements = [...this.keptStatements, ...ends].map((one, index) => ({ ...one, index }))
    return { ...this.migration, statements }
  }

  outcome(): FileOutcome {
    const { replayed, unparsed, unknown, compared, withEffects, schemaChanges, disagreements, cutShort } =
      this
    return {
      file: this.request.file,
      statements: this.migration.statements.length,
      replayed,
      unparsed,
      unknown,
      compared,
      withEffects,
      schemaChanges,
      disagreements,
      seconds: (performance.now() - this.begun) / 1000,
      ...(cutShort === undefined ? {} : { cutShort }),
    }
  }
}

const changesNoSchema: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'ExplainStmt',
  'CopyStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'FetchStmt',
])

/** Not a query, and nothing that runs one: how those lock is the planner's and the rows' business, too. */
export function isSchemaChange({ tag }: Statement): boolean {
  return !runsQueries.has(tag)
}

const runsQueries: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'ExplainStmt',
  'CopyStmt',
  'ExecuteStmt',
  'PrepareStmt',
  'DeclareCursorStmt',
  'FetchStmt',
  'DoStmt',
  'CallStmt',
  'CreateTableAsStmt',
  'RefreshMatViewStmt',
])

/** Temporary tables have another schema in each session. */
function isShared(effect: Effect): boolean {
  return !('relation' in effect) || !effect.relation.schema.startsWith('pg_temp')
}

function isCompared(effect: Effect): boolean {
  if (effect.kind !== 'lock' && effect.kind !== 'rewrite' && effect.kind !== 'scan') return false
  return effect.relation.existedBefore
}
