import { decodeEvent, installEventTriggers } from '../postgres/event-triggers.ts'
import type { PostgresServer } from '../postgres/provider.ts'
import { decodeProbe, probeSql, type ProbeReading } from '../replay/probe.ts'
import { RelationCatalog } from '../replay/relations.ts'
import { newMarker } from '../replay/session.ts'
import { connected } from '../replay/stage.ts'
import type { MeasuredOptions } from './measured.ts'
import type { Recording } from './model.ts'
import { record, type RecordRequest } from './record.ts'

/** A command's run on a database, with what is needed to tell its effects. */
export interface MeasuredCommand extends Omit<MeasuredOptions, 'serverMajor'> {
  readonly database: string
  readonly recording: Recording
  /** Milliseconds that the command took, the looks included. */
  readonly tookMs: number
}

/** Runs a command on a database and looks at everything that it does there. */
export async function measureCommand(request: Omit<RecordRequest, 'measure'>): Promise<MeasuredCommand> {
  const { server, database } = request
  const marker = newMarker()
  if (server.hasSuperuser) {
    await using admin = await connected(server, database)
    await installEventTriggers(admin.client, marker)
  }
  const catalog = await catalogOf(server, database)
  const baseline = await baselineOf(server, database)
  const begun = performance.now()
  const recording = await record({
    ...request,
    measure: true,
    isOurs: (message) => message.startsWith(`${marker} `),
  })
  return {
    database,
    recording,
    tookMs: performance.now() - begun,
    catalog,
    baseline,
    decodeEvent: server.hasSuperuser ? (message) => decodeEvent(marker, message) : undefined,
  }
}

async function catalogOf(server: PostgresServer, database: string): Promise<RelationCatalog> {
  await using admin = await connected(server, database)
  return await RelationCatalog.read(admin.client)
}

/** What a session of the migrating role begins with. */
async function baselineOf(server: PostgresServer, database: string): Promise<ProbeReading> {
  const client = await server.connectMigrator(database)
  try {
    const { rows } = await client.query<unknown[]>({ text: probeSql(server.major), rowMode: 'array' })
    const text = rows.map((row) =>
      row.map((value) => (typeof value === 'string' || value === null ? value : JSON.stringify(value))),
    )
    return { ...decodeProbe(text), relations: new Map(), sentinel: 0 }
  } finally {
    await client.end()
  }
}
