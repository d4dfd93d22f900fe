/**
 * What could stand in the place of the migrations under review, replayed on the same history: each alternative on a
 * copy of its own of the database that the review itself began with, so that nothing is applied or seeded twice.
 */
import type { Limit, Migration, SchemaCatalog, SchemaCatalogs } from '../core/model.ts'
import { readSchema, type SchemaSnapshot } from './fingerprint.ts'
import { copyBase, type PreparedHistory } from './prepare-history.ts'
import { lostObjects } from './lost-objects.ts'
import { queryStage, type QueryStage } from './query-stage.ts'
import {
  replay,
  sessionOptionsOf,
  type ReplayedMigration,
  type ReplayOutcome,
  type ReplayRequest,
} from './replay.ts'
import { readSchemaCatalog } from './read-schema-catalog.ts'
import type { RetryContext } from './retry-ground.ts'
import { connected } from './stage.ts'

/** A replay and the schema that it left. */
export interface ReplayedAlternative {
  /** One per migration of the alternative, in order. */
  readonly migrations: readonly ReplayedMigration[]
  readonly limits: readonly Limit[]
  readonly schema: SchemaSnapshot
  /** The schema behind each of the first migrations that was reached, in order; absent where nobody asked for it. */
  readonly schemas?: readonly SchemaSnapshot[]
  /** As rules see it, before and after; absent where it did not come to its end. */
  readonly catalogs?: SchemaCatalogs
}

/** What of a replay is told apart. */
export interface StepOptions {
  /** Read the schema behind each of so many migrations from the first on, which share no transaction; absent: 0. */
  readonly schemasOf?: number
  /** See ReplayRequest.callsAt. */
  readonly callsAt?: ReadonlySet<number>
}

export interface Alternatives {
  /** The schema that the migrations under review began with. */
  schemaBefore(): Promise<SchemaSnapshot>
  /** The schema that the migrations under review themselves left. */
  schema(): Promise<SchemaSnapshot>
  /** Replays these in their place. Throws the signal's reason when it is aborted. */
  replay(
    review: readonly Migration[],
    signal: AbortSignal,
    options?: StepOptions,
  ): Promise<ReplayedAlternative>
}

/** What can still be done with the server of a replay that has ended. */
export interface Leftovers {
  /** Absent when there was no room for a copy of the database. */
  readonly alternatives?: Alternatives
  /** What failures in the middle are tried with; absent likewise. */
  readonly retry?: RetryContext
  readonly queries: QueryStage
  /** Not all of the history could be applied, or psql alone could run it: objects may be missing. */
  readonly incompleteSchema: boolean
}

/**
 * Replays as {@link replay} does, then hands over what is left of it; that is gone when `afterwards` has ended. What
 * becomes of it changes nothing of the outcome; an error of `afterwards` is the caller's.
 */
export async function replayWithLeftovers(
  request: ReplayRequest,
  afterwards: (outcome: ReplayOutcome, leftovers: Leftovers) => Promise<void>,
): Promise<ReplayOutcome> {
  const { server } = request
  let begin: { readonly prepared: PreparedHistory; readonly pristine: string | undefined } | undefined
  let left: string | undefined
  const outcome = await replay({
    ...request,
    onPrepared: async (prepared) => {
      await request.onPrepared?.(prepared)
      // without room for a copy there are no alternatives; whether the review itself has enough it says itself
      const pristine = await server.createDatabase({ template: prepared.seeded }).catch(() => undefined)
      begin = { prepared, pristine }
    },
    onDone: async (database) => {
      await request.onDone?.(database)
      left = database
    },
  })
  if (begin === undefined || left === undefined) return outcome
  await afterwards(outcome, leftoversOf(request, { ...begin, left }, outcome))
  return outcome
}

/** The databases of a replay that has ended. */
export interface LeftDatabases {
  readonly prepared: PreparedHistory
  /** Seeded, and as it was before the migrations under review; undefined without room for it. */
  readonly pristine: string | undefined
  /** What the migrations under review left. */
  readonly left: string
}

/** What can still be done, however the migrations under review came to run. */
export function leftoversOf(
  request: ReplayRequest,
  { prepared, pristine, left }: LeftDatabases,
  outcome: ReplayOutcome,
): Leftovers {
  const { server } = request
  const isComplete = outcome.migrations.every((migration) => migration.outcome === 'rehearsed')
  return {
    ...(pristine === undefined
      ? {}
      : {
          alternatives: new PreparedAlternatives(request, prepared, pristine, left),
          retry: {
            server,
            seeded: pristine,
            bare: prepared.base,
            sessionOptions: sessionOptionsOf(request),
            copy: (database) => copyBase(request, database),
          },
        }),
    queries: queryStage(request, prepared.base, isComplete ? left : undefined, sessionOptionsOf(request)),
    incompleteSchema: !lostObjects(prepared.failedSteps, request).isEmpty,
  }
}

const schemaTimeoutMs = 60_000

class PreparedAlternatives implements Alternatives {
  private readonly request: ReplayRequest
  private readonly prepared: PreparedHistory
  /** Seeded, and as it was before the migrations under review. */
  private readonly pristine: string
  /** The database that the migrations under review left. */
  private readonly left: string
  private read: Promise<SchemaSnapshot> | undefined
  private before: Promise<SchemaCatalog> | undefined
  private readBefore: Promise<SchemaSnapshot> | undefined

  constructor(request: ReplayRequest, prepared: PreparedHistory, pristine: string, left: string) {
    this.request = request
    this.prepared = prepared
    this.pristine = pristine
    this.left = left
  }

  schemaBefore(): Promise<SchemaSnapshot> {
    this.readBefore ??= this.schemaOf(this.pristine)
    return this.readBefore
  }

  schema(): Promise<SchemaSnapshot> {
    this.read ??= this.schemaOf(this.left)
    return this.read
  }

  async replay(
    review: readonly Migration[],
    signal: AbortSignal,
    { schemasOf = 0, callsAt }: StepOptions = {},
  ): Promise<ReplayedAlternative> {
    const { server, keep: _, onPrepared: _prepared, ...request } = this.request
    this.before ??= this.catalogOf(this.pristine)
    const before = await this.before
    const seeded = await copyBase(this.request, this.pristine)
    let after: SchemaCatalog | undefined
    let schema: SchemaSnapshot | undefined
    const schemas: SchemaSnapshot[] = []
    let left = seeded
    try {
      const outcome = await replay({
        ...request,
        server,
        review,
        signal,
        progress: () => {},
        kept: { prepared: { ...this.prepared, seeded }, applied: request.history.length },
        again: true,
        ...(callsAt === undefined ? {} : { callsAt }),
        onMigration: async (copy, index) => {
          if (index < schemasOf) schemas.push(await this.schemaOf(copy))
        },
        onDone: async (database) => {
          left = database
          schema = await this.schemaOf(database)
          after = await this.catalogOf(database)
        },
      })
      if (schema === undefined || after === undefined) throw new Error('A replay ended without its schema.')
      const catalogs: SchemaCatalogs = { before, after, evidence: 'measured' }
      const isComplete = outcome.migrations.every((migration) => migration.outcome === 'rehearsed')
      return {
        ...outcome,
        schema,
        ...(schemasOf > 0 ? { schemas } : {}),
        ...(isComplete ? { catalogs } : {}),
      }
    } finally {
      for (const database of new Set([seeded, left])) await server.dropDatabase(database)
    }
  }

  private async schemaOf(database: string): Promise<SchemaSnapshot> {
    await using admin = await connected(this.request.server, database)
    // deparsing a view waits for whoever has its table locked, which a script may leave behind
    await admin.client.query(`set statement_timeout = ${schemaTimeoutMs}`)
    return await readSchema(admin.client)
  }
  private async catalogOf(database: string): Promise<SchemaCatalog> {
    const { server } = this.request
    await using admin = await connected(server, database)
    return await readSchemaCatalog(admin.client, server.major)
  }
}
