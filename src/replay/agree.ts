import { lockStrength } from '../core/locks.ts'
import type {
  CatalogChange,
  CatalogEffect,
  Effect,
  EvidencedEffect,
  LockEffect,
  Migration,
  MigrationResult,
  Relation,
  StatementResult,
  WriteEffect,
} from '../core/model.ts'
import type { StatementPrediction } from '../predict/index.ts'
import { isRollback } from './commands.ts'
import type { MeasuredStatement } from './measure.ts'
import type { ReplayedMigration } from './replay.ts'

/**
 * Unites what was predicted with what was measured, statement by statement. Where both speak of the same thing
 * measurement wins; a statement that was never executed keeps its prediction.
 */
export function unite(
  migration: Migration,
  predicted: readonly StatementPrediction[],
  replayed: ReplayedMigration | undefined,
  server = '',
): MigrationResult {
  const measured = new Map((replayed?.statements ?? []).map((one) => [one.statement.index, one]))
  const rolledBack = new Set(migration.statements.filter(isRollback).map(({ transaction }) => transaction))
  const statements = migration.statements.map((statement, index): StatementResult => {
    const prediction = predicted[index] ?? { effects: [], settings: unlimited }
    const measurement = measured.get(index)
    if (measurement === undefined) {
      return { statement, effects: prediction.effects, settings: prediction.settings, measured: false }
    }
    return {
      statement,
      effects: uniteEffects(prediction, measurement, server),
      settings: measurement.settings,
      durationMs: measurement.durationMs,
      measured: true,
    }
  })
  return {
    migration,
    statements: statements.map((one) =>
      rolledBack.has(one.statement.transaction) ? withoutChanges(one) : one,
    ),
    outcome: replayed?.outcome ?? 'predicted',
  }
}

/** What a rolled-back transaction changed never happened; what it locked and read was locked and read. */
function withoutChanges(result: StatementResult): StatementResult {
  return {
    ...result,
    effects: result.effects.filter(({ kind }) => kind !== 'catalog' && kind !== 'truncate'),
  }
}

const unlimited = { lockTimeoutMs: 0, statementTimeoutMs: 0, timeZone: 'UTC' }

function uniteEffects(
  prediction: StatementPrediction,
  measurement: MeasuredStatement,
  server: string,
): readonly EvidencedEffect[] {
  const failed = measurement.effects.some(({ kind }) => kind === 'error')
  const measured = [
    ...measurement.effects.map((effect) => withEvidence(effect, probeOf(effect, measurement), server)),
    ...(measurement.gated ?? []).map((effect) => withEvidence(effect, 'gate pass', server)),
  ]
  const commitsByItself = prediction.effects.some(({ evidence }) => evidence.by === 'known')
  const predicted = prediction.effects.filter((effect) => {
    if (commitsByItself && !failed && (effect.kind === 'scan' || effect.kind === 'rewrite')) {
      // its locks, and with them the counters the probe can reach, are gone by the time it looks
      return !measured.some(
        (other) => other.kind === effect.kind && sameRelation(other.relation, effect.relation),
      )
    }
    return !isDecided(effect, measurement, failed)
  })
  return [...merged(measured, predicted), ...predicted.filter((effect) => !isMerged(effect, measured))]
}

/** Does the measurement settle this prediction, so that it has nothing to add? */
function isDecided(
  effect: EvidencedEffect,
  { effects, sawCatalog }: MeasuredStatement,
  failed: boolean,
): boolean {
  // a statement that failed showed nothing but its error
  if (failed) return effect.kind === 'error'
  switch (effect.kind) {
    case 'lock':
      // locks given back before the statement ended leave no trace; they come from the known table
      return effect.evidence.by !== 'known' || isCovered(effect, effects)
    case 'scan':
      // how a query reads two seeded rows says nothing about production
      return effect.reason !== 'read'
    case 'write':
      // no seeded row matched, perhaps
      return false
    case 'catalog':
      return sawCatalog || effects.some((other) => isSeen(other, effect))
    default:
      return true
  }
}

/** Does the look at the catalogue tell the same, or better? It knows of relations and their columns only. */
function isSeen(seen: Effect, told: CatalogEffect): boolean {
  if (seen.kind !== 'catalog' || !isSameObject(seen, told)) return false
  if (ofColumns.has(told.change.type)) return true
  return seen.change.type === told.change.type && columnOf(seen.change) === columnOf(told.change)
}

/** Whoever sees that a table is another sees these. */
const ofColumns: ReadonlySet<CatalogChange['type']> = new Set([
  'change type',
  'set not null',
  'drop not null',
  'set default',
  'drop default',
])

function isSameObject({ object }: CatalogEffect, { object: other }: CatalogEffect): boolean {
  return object.name === other.name && object.schema === other.schema
}

function columnOf(change: CatalogChange): string | undefined {
  if (!('column' in change)) return undefined
  return typeof change.column === 'string' ? change.column : change.column.name
}

function isCovered(lock: LockEffect, effects: readonly Effect[]): boolean {
  return effects.some(
    (other) =>
      other.kind === 'lock' &&
      sameRelation(other.relation, lock.relation) &&
      lockStrength(other.mode) > lockStrength(lock.mode),
  )
}

/** A measured write knows that rows were written; how far it reaches in production the statement itself tells. */
function merged(
  measured: readonly EvidencedEffect[],
  predicted: readonly EvidencedEffect[],
): readonly EvidencedEffect[] {
  return measured
    .filter((effect) => !(effect.kind === 'lock' && isKnownBetter(effect, predicted)))
    .map((effect) => {
      if (effect.kind !== 'write') return effect
      const known = predicted.find((other): other is WriteEffect & EvidencedEffect =>
        isSameWrite(other, effect),
      )
      return known === undefined ? effect : { ...effect, reach: known.reach }
    })
}

/**
 * DROP INDEX CONCURRENTLY and its like commit by themselves and show only their last transaction's locks; the known
 * table has the strongest they take, and how long.
 */
function isKnownBetter(lock: LockEffect, predicted: readonly EvidencedEffect[]): boolean {
  return predicted.some(
    (other) =>
      other.kind === 'lock' &&
      other.evidence.by === 'known' &&
      sameRelation(other.relation, lock.relation) &&
      lockStrength(other.mode) >= lockStrength(lock.mode),
  )
}

function isMerged(effect: EvidencedEffect, measured: readonly EvidencedEffect[]): boolean {
  return measured.some((other) => other.kind === 'write' && isSameWrite(effect, other))
}

function isSameWrite(effect: EvidencedEffect, write: WriteEffect): boolean {
  return (
    effect.kind === 'write' &&
    effect.command === write.command &&
    sameRelation(effect.relation, write.relation)
  )
}

function sameRelation(a: Relation, b: Relation): boolean {
  return a.name === b.name && a.schema === b.schema
}

const probes: Readonly<Record<Effect['kind'], string>> = {
  lock: 'pg_locks',
  rewrite: 'relfilenode',
  scan: 'scan counters',
  truncate: 'relfilenode',
  write: 'row counters',
  catalog: 'event triggers',
  wal: 'WAL position',
  temp: 'pg_stat_statements',
  notice: 'server message',
  error: 'server message',
}

function probeOf({ kind }: Effect, { sawCatalog }: MeasuredStatement): string {
  return kind === 'catalog' && !sawCatalog ? 'catalogue' : probes[kind]
}

function withEvidence(effect: Effect, probe: string, server: string): EvidencedEffect {
  return { ...effect, evidence: { by: 'measured', probe, server } }
}
