import type { Socket } from 'node:net'
import type { Client } from 'pg'
import type {
  Effect,
  Limit,
  LockEffect,
  Migration,
  Relation,
  RewriteEffect,
  ScanEffect,
  Statement,
  TruncateEffect,
} from '../core/model.ts'
import { readAppliedVersions, type AppliedVersions } from './applied-versions.ts'
import { CatalogWatch, structureJson } from './catalog-watch.ts'
import { readCloneRelations, type CloneRelations } from './clone-relations.ts'
import { isClusterWide } from './cluster-wide.ts'
import { discardsStatements, setsSessionDefaults } from './commands.ts'
import { Measurement, type MeasuredMigration, type MigrationFailure } from './measure.ts'
import { namesBefore } from './names-before.ts'
import { flushed } from './observation.ts'
import type { ProbeReading } from './probe.ts'
import { RelationCatalog } from './relations.ts'
import { ReplaySession } from './session.ts'
import { valueFree, type KnownNames, type ValueFreeError } from './value-free-error.ts'
import type { WireError } from './wire.ts'

/** A database with production's data in it (src/postgres/clone.ts). */
export interface CloneServer {
  readonly version: string
  readonly major: number
  readonly database: string
  connectMigrator(): Promise<Client>
  connectAdmin(): Promise<Client>
}

export interface CloneRequest {
  readonly server: CloneServer
  readonly history: readonly Migration[]
  readonly review: readonly Migration[]
  readonly sharesSession: boolean
  /** Milliseconds for all of it. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
  /** A line for the job's log alone: values of rows may be in it. */
  readonly log: (line: string) => void
}

/** What a statement did on production's data. */
export interface CloneStatement {
  readonly migration: Migration
  readonly statement: Statement
  /** On the server, without the way to it. */
  readonly durationMs: number
  readonly walBytes: number
  /** On relations that were there before. */
  readonly effects: readonly CloneEffect[]
  /** Rows of tables that were read from end to end or by an index, most first. */
  readonly rowsRead: readonly { readonly relation: Relation; readonly rows: number }[]
}

/** What a lock, a rewrite or DDL's own scan is in the rehearsal. */
export type CloneEffect = LockEffect | RewriteEffect | ScanEffect | TruncateEffect

export interface CloneFailure {
  readonly migration: Migration
  readonly statement: Statement
  readonly error: ValueFreeError
  /** As the server said it, for whoever decides about it; not to be shown. */
  readonly sqlstate: string
  /** Our own time was over. */
  readonly tooLong: boolean
  readonly durationMs: number
}

export interface CloneOutcome {
  /** Those that ran to their end, in order. */
  readonly statements: readonly CloneStatement[]
  readonly failure?: CloneFailure
  /** The time was over before the last of them. */
  readonly ended?: 'too long'
  /** Migrations under review that the clone has already. */
  readonly appliedBefore: readonly Migration[]
  /** Of the history: the clone lacks them. Undefined: the tool's books could not be read. */
  readonly missing: readonly Migration[] | undefined
  /** As they were before. */
  readonly relations: CloneRelations
  /** Written to temporary files by all of them. */
  readonly tempBytes: number
  readonly limits: readonly Limit[]
}

/**
 * Runs the migrations under review, in their transactions, on a clone of production, and measures each statement: with
 * the settings that production's sessions have, nothing of ours in the database but the probe's prepared statement. Stops
 * at the first that fails. @throws the signal's reason
 */
export async function replayOnClone(request: CloneRequest): Promise<CloneOutcome> {
  const { server, signal } = request
  await using admin = await connected(server.connectAdmin(), signal)
  await using books = await connected(server.connectMigrator(), signal)
  const { history, review } = request
  const applied = await readAppliedVersions(books.client, [...history, ...review])
  const catalog = await RelationCatalog.read(admin.client, structureJson)
  const relations = await readCloneRelations(admin.client)
  const names = await namesBefore(admin.client, review)
  const left = review.filter((migration) => applied?.has(migration) !== true)
  const tempBefore = await readTempBytes(admin.client)
  const run = new CloneReplay(request, admin.client, catalog, names)
  await run.run(left)
  return {
    ...run.outcome(),
    relations,
    appliedBefore: review.filter((migration) => !left.includes(migration)),
    missing: missingOf(history, applied),
    tempBytes: Math.max(0, (await readTempBytes(admin.client)) - tempBefore),
  }
}

function missingOf(
  history: readonly Migration[],
  applied: AppliedVersions | undefined,
): readonly Migration[] | undefined {
  const told = history.filter((migration) => applied?.has(migration) !== undefined)
  return told.length === 0 ? undefined : told.filter((migration) => applied?.has(migration) === false)
}

class CloneReplay {
  private readonly request: CloneRequest
  private readonly admin: Client
  private readonly catalog: RelationCatalog
  private readonly names: KnownNames
  private readonly statements: CloneStatement[] = []
  private readonly limits: Limit[] = []
  /** By statement: what the probe saw before it. */
  private readonly before = new Map<Statement, ProbeReading | undefined>()
  private readonly after = new Map<Statement, ProbeReading | undefined>()
  private latest: Statement | undefined
  private roundTripMs = 0
  private failure: CloneFailure | undefined
  private ended: CloneOutcome['ended']

  constructor(request: CloneRequest, admin: Client, catalog: RelationCatalog, names: KnownNames) {
    this.request = request
    this.admin = admin
    this.catalog = catalog
    this.names = names
  }

  outcome(): Pick<CloneOutcome, 'statements' | 'failure' | 'ended' | 'limits'> {
    const { statements, failure, ended, limits } = this
    return {
      statements,
      limits,
      ...(failure === undefined ? {} : { failure }),
      ...(ended === undefined ? {} : { ended }),
    }
  }

  async run(review: readonly Migration[]): Promise<void> {
    const { signal, timeoutMs } = this.request
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      await this.runAll(review, AbortSignal.any([signal, deadline]))
    } catch (error) {
      signal.throwIfAborted()
      if (!deadline.aborted) throw error
      this.ended = 'too long'
    }
  }

  private async runAll(review: readonly Migration[], signal: AbortSignal): Promise<void> {
    const { server, sharesSession, timeoutMs, progress } = this.request
    const texts = review.map(({ text }) => text)
    const through = {
      major: server.major,
      connectMigrator: async () => cutOffWith(signal, await server.connectMigrator()),
    }
    await using session = await ReplaySession.open(through, server.database, this.admin, {
      statementTimeoutMs: timeoutMs,
      signal,
      scriptsDiscard: discardsStatements(texts),
      scriptsSetDefaults: setsSessionDefaults(texts),
    })
    this.roundTripMs = await roundTrip(session)
    let measurement: Measurement | undefined
    for (const [index, migration] of review.entries()) {
      progress(`Running ${migration.file} on the clone of production`)
      if (index > 0 && !sharesSession) {
        await session.renew()
        measurement = undefined
      }
      measurement ??= await this.measure(session)
      const endsRun = review[index + 1]?.transaction.mode !== 'run'
      const measured = await measurement.run(migration, endsRun)
      this.note(session)
      this.keep(session, migration, measured)
      if (measured.failure !== undefined) return
    }
  }

  private measure(session: ReplaySession): Promise<Measurement> {
    return Measurement.begin(session, this.catalog, {
      serverMajor: this.request.server.major,
      prepare: (statement) => {
        this.note(session)
        const sameTransaction = this.latest?.transaction === statement.transaction
        this.before.set(statement, sameTransaction ? session.lastReading : undefined)
        this.latest = statement
        return isClusterWide(statement) ? { refused: clusterWideRefused } : { sql: statement.sql }
      },
      decodeEvent: undefined,
      // no event trigger of ours is there: what code rewrites or drops would be taken for something else
      watch: new CatalogWatch(this.catalog),
      newTempBytes: undefined,
    })
  }

  /** What the probe saw behind the statement that has just run. */
  private note({ lastReading }: ReplaySession): void {
    if (this.latest !== undefined && !this.after.has(this.latest)) this.after.set(this.latest, lastReading)
  }

  private keep(session: ReplaySession, migration: Migration, measured: MeasuredMigration): void {
    const { failure } = measured
    this.limits.push(...measured.limits)
    for (const { statement, effects, durationMs } of measured.statements) {
      for (const effect of effects)
        if (effect.kind === 'notice')
          this.request.log(`${placeOf(migration, statement)}: ${effect.severity}: ${effect.message}`)
      if (statement === failure?.statement) {
        this.failure = this.failureOf(session.wire.lastError, migration, failure, durationMs)
        continue
      }
      const wal = effects.find((effect) => effect.kind === 'wal')
      this.statements.push({
        migration,
        statement,
        durationMs: Math.max(leastMs, durationMs - this.roundTripMs),
        walBytes: wal?.bytes ?? 0,
        effects: effects.filter(
          (effect): effect is CloneEffect => isKept(effect) && this.mayName(effect.relation),
        ),
        rowsRead: this.rowsRead(statement),
      })
    }
    if (failure !== undefined && this.failure === undefined)
      this.failure = this.failureOf(session.wire.lastError, migration, failure, 0)
  }

  private failureOf(
    said: WireError | undefined,
    migration: Migration,
    { statement, error, tooLong }: MigrationFailure,
    durationMs: number,
  ): CloneFailure {
    const whole = said ?? { code: error.sqlstate, message: error.message }
    for (const line of logLines(whole)) this.request.log(`${placeOf(migration, statement)}: ${line}`)
    const { code: sqlstate } = whole
    return {
      migration,
      statement,
      error: valueFree(whole, this.names, statement.sql),
      sqlstate,
      tooLong,
      durationMs,
    }
  }

  /** By difference of the counters, which a flush sets back to zero. */
  private rowsRead(statement: Statement): CloneStatement['rowsRead'] {
    const [before, after] = [this.before.get(statement), this.after.get(statement)]
    if (after === undefined) return []
    return [...after.relations.values()]
      .flatMap(({ oid, tuplesRead }) => {
        const relation = this.catalog.get(oid)?.relation
        const counted =
          before === undefined || flushed(before, after) ? 0 : before.relations.get(oid)?.tuplesRead
        const rows = tuplesRead - (counted ?? 0)
        const isTable = relation?.kind === 'table' || relation?.kind === 'materialized view'
        return relation !== undefined && isTable && rows > 0 && this.mayName(relation)
          ? [{ relation, rows }]
          : []
      })
      .toSorted((a, b) => b.rows - a.rows)
  }

  /** A table that code of the migration calls by a value of a row is not named. */
  private mayName({ schema, name, table }: Relation): boolean {
    const [ofTable, tableName] = table === undefined ? [schema, name] : splitKey(table)
    return [schema, name, ofTable, tableName].every((word) => this.names.has(word))
  }
}

function isKept(effect: Effect): effect is CloneEffect {
  return keptKinds.has(effect.kind) && 'relation' in effect && effect.relation.existedBefore
}

const keptKinds: ReadonlySet<Effect['kind']> = new Set(['lock', 'rewrite', 'scan', 'truncate'])

/** `schema.name`; a dot within a name makes words that nobody knows. */
function splitKey(key: string): readonly [string, string] {
  const dot = key.indexOf('.')
  return [key.slice(0, dot), key.slice(dot + 1)]
}

const clusterWideRefused =
  'A statement that reaches beyond its database (roles, settings of the server, subscriptions, tablespaces) is not run on a clone.'

const leastMs = 0.05

const triesOfRoundTrip = 5

/** The shortest of several: what a statement takes for its way there and back. */
async function roundTrip(session: ReplaySession): Promise<number> {
  let shortest = Infinity
  for (let tries = 0; tries < triesOfRoundTrip; tries++) {
    const [result] = await session.run([{ sql: 'select 1' }], true)
    shortest = Math.min(shortest, result?.durationMs ?? 0)
  }
  return shortest
}

function placeOf({ file }: Migration, { span }: Statement): string {
  return `Clone, ${file}:${span.start.line}`
}

function logLines({ code, message, detail, hint, where }: WireError): readonly string[] {
  return [
    `ERROR ${code}: ${message}`,
    ...(detail === undefined ? [] : [`DETAIL: ${detail}`]),
    ...(hint === undefined ? [] : [`HINT: ${hint}`]),
    ...(where === undefined ? [] : [`CONTEXT: ${where}`]),
  ]
}

/** Of this database. The probe lets a session report when it commits (15+), else it does so within seconds. */
async function readTempBytes(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ bytes: string | null }>(
    'select temp_bytes as bytes from pg_stat_database where datname = current_database()',
  )
  return Number(rows[0]?.bytes ?? 0)
}

/** A session that was told to end gets this long; one behind a dead network would never answer. */
const cutOffMs = 10_000

/** The same client, whose connection is cut some time after the signal. */
function cutOffWith(signal: AbortSignal, client: Client): Client {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection
  const cut = (): void => {
    const timer = setTimeout(() => stream.destroy(), cutOffMs)
    stream.once('close', () => clearTimeout(timer))
  }
  if (signal.aborted) cut()
  else signal.addEventListener('abort', cut, { once: true })
  stream.once('close', () => signal.removeEventListener('abort', cut))
  return client
}

async function connected(
  connecting: Promise<Client>,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly client: Client }> {
  const client = cutOffWith(signal, await connecting)
  return { client, [Symbol.asyncDispose]: () => client.end().catch(() => undefined) }
}
