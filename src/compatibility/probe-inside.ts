import type { ReplaySession } from '../replay/session.ts'
import type { WireResult } from '../replay/wire.ts'
import { describeStates } from './describe-states.ts'
import { setUpCommands } from './prober.ts'
import type { QueryShape } from './query-shape.ts'
import type { QueryState } from './query-state.ts'
import { tryShapes, type SendEach } from './trial.ts'

export interface InsideOptions {
  /** As SHOW prints it. */
  readonly searchPath: string
  readonly queryTimeoutMs: number
  /** Which of them are planned, too. */
  readonly plans: (shape: QueryShape) => boolean
}

/**
 * What the schema, as it is within an open transaction of this session, makes of each query. Leaves the session and the
 * transaction as they were.
 */
export async function probeInside(
  session: ReplaySession,
  shapes: readonly QueryShape[],
  { searchPath, queryTimeoutMs, plans }: InsideOptions,
): Promise<ReadonlyMap<QueryShape, QueryState>> {
  await session.run(
    [
      { sql: 'savepoint pgrehearse_outer' },
      // the script's own role and path are not the application's
      { sql: 'set local role none' },
      ...setUpCommands(searchPath, queryTimeoutMs, true),
      { sql: 'savepoint pgrehearse_query' },
    ],
    'each',
  )
  const back = { sql: 'rollback to savepoint pgrehearse_query' }
  const send: SendEach = async (commands) => {
    const results = await session.run(
      commands.flatMap((command) => [command, back, back]),
      'each',
    )
    return results.filter((_, index): _ is WireResult => index % 3 === 0)
  }
  const states = await describeStates(await tryShapes(shapes, send, 'ours', plans), send)
  await session.run(
    [{ sql: 'rollback to savepoint pgrehearse_outer' }, { sql: 'release savepoint pgrehearse_outer' }],
    'each',
  )
  return states
}
