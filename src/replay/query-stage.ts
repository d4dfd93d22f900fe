/**
 * Where the application's queries are tried: the schema before the migrations under review, the one after them, and
 * copies of the former to walk through them.
 */
import type { Migration } from '../core/model.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import type { FailedStep } from './failed-step.ts'
import { applyHistory } from './history.ts'
import { copyBase } from './prepare-history.ts'
import type { ReplayRequest } from './replay.ts'
import { ReplaySession, type SessionOptions } from './session.ts'
import { watchdogOf } from './stage.ts'
import { standIn } from './stand-in.ts'

export interface QueryStage {
  readonly server: PostgresServer
  /** Database with the history and no row of ours. Nobody may change it. */
  readonly before: string
  /** Database that the migrations under review have left; absent when they did not all succeed. Nobody may change it. */
  readonly after: string | undefined
  readonly review: readonly Migration[]
  readonly signal: AbortSignal
  /** One session runs all the files: what one of them sets, the next one has. */
  readonly sharesSession: boolean
  readonly sessionOptions: SessionOptions
  /** A database of one's own, as `before` is; the caller drops it. */
  copyBefore(): Promise<string>
  /**
   * Applies these, whole migrations of `review` or the first transactions of one, as their tool would, unmeasured.
   * Gives what did not succeed.
   */
  apply(database: string, migrations: readonly Migration[]): Promise<readonly FailedStep[]>
}

/** The stage of a rehearsal that has ended; its databases live as long as the server. */
export function queryStage(
  request: ReplayRequest,
  before: string,
  after: string | undefined,
  sessionOptions: SessionOptions,
): QueryStage {
  const { server, review, signal, sharesSession } = request
  return {
    server,
    before,
    after,
    review,
    signal,
    sharesSession,
    sessionOptions,
    copyBefore: () => copyBase(request, before),
    apply: async (database, migrations) => {
      await using watchdog = await watchdogOf(server)
      await using session = await ReplaySession.open(server, database, watchdog.client, sessionOptions)
      return await applyHistory(session, migrations, {
        sharesSession,
        prepare: (statement) => standIn(server, statement, true),
      })
    },
  }
}
