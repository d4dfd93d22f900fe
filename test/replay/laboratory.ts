import type { Client } from 'pg'
import type { Effect, Migration, TransactionMode } from '../../src/core/model.ts'
import { decodeEvent, installEventTriggers } from '../../src/postgres/event-triggers.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { displayName } from '../../src/core/locks.ts'
import { applyHistory } from '../../src/replay/history.ts'
import { Measurement, type MeasuredMigration } from '../../src/replay/measure.ts'
import { RelationCatalog } from '../../src/replay/relations.ts'
import { ReplaySession, type SessionOptions } from '../../src/replay/session.ts'
import { parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from '../sql/scripts.ts'

const marker = 'laboratory'

/** The text as one migration. */
export function migration(text: string, mode: TransactionMode): Migration {
  const [laidOut] = layOutTransactions([parseScript(script(text, mode))], false)
  if (laidOut === undefined) throw new Error('no migration')
  return laidOut
}

export interface LaboratoryOptions {
  readonly statementTimeoutMs?: number
  readonly signal?: AbortSignal
}

/** A database with a schema, in which one migration is measured. */
export async function measure(
  server: PostgresServer,
  setup: string,
  text: string,
  mode: TransactionMode = 'file',
  options: LaboratoryOptions = {},
): Promise<MeasuredMigration> {
  const database = await server.createDatabase()
  const watchdog = await server.connectAdmin()
  const admin = await server.connectAdmin(database)
  const sessionOptions: SessionOptions = {
    statementTimeoutMs: options.statementTimeoutMs ?? 60_000,
    signal: options.signal ?? new AbortController().signal,
    scriptsDiscard: /discard/i.test(text),
    scriptsSetDefaults: false,
  }
  try {
    await prepare(server, database, watchdog, setup, sessionOptions)
    await installEventTriggers(admin, marker)
    const catalog = await RelationCatalog.read(admin)
    await using session = await ReplaySession.open(server, database, watchdog, sessionOptions)
    const measurement = await Measurement.begin(session, catalog, {
      serverMajor: server.major,
      prepare: ({ sql }) => ({ sql }),
      decodeEvent: (message) => decodeEvent(marker, message),
      newTempBytes: undefined,
    })
    return await measurement.run(migration(text, mode), true)
  } finally {
    await admin.end()
    await server.dropDatabase(database)
    await watchdog.end()
  }
}

async function prepare(
  server: PostgresServer,
  database: string,
  watchdog: Client,
  setup: string,
  options: SessionOptions,
): Promise<void> {
  await using session = await ReplaySession.open(server, database, watchdog, options)
  const limits = await applyHistory(session, [migration(setup, 'statement')], {
    sharesSession: false,
    prepare: ({ sql }) => ({ sql }),
  })
  if (limits.length > 0) throw new Error(limits.map(({ message }) => message).join('\n'))
}

/** Effects on what existed before, as short words: `lock users AccessExclusiveLock`, `rewrite users (column type)`. */
export function words(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => {
    switch (effect.kind) {
      case 'lock':
        if (!effect.relation.existedBefore || effect.relation.kind === 'index') return []
        return [`lock ${displayName(effect.relation)} ${effect.mode}`]
      case 'rewrite':
        return [`rewrite ${displayName(effect.relation)} (${effect.cause})`]
      case 'scan':
        return effect.relation.existedBefore
          ? [`scan ${displayName(effect.relation)} (${effect.reason})`]
          : []
      case 'truncate':
        return [`truncate ${displayName(effect.relation)}${effect.cascaded ? ' (cascaded)' : ''}`]
      case 'write':
        return effect.relation.existedBefore ? [`${effect.command} ${displayName(effect.relation)}`] : []
      case 'error':
        return [`error ${effect.sqlstate}`]
      default:
        return []
    }
  })
}

/** {@link words} of all statements. */
export function allWords({ statements }: MeasuredMigration): string[] {
  return statements.flatMap(({ effects }) => words(effects)).toSorted()
}
