import { lockStrength } from '../core/locks.ts'
import type { Effect, LockEffect, LockMode, WriteEffect } from '../core/model.ts'
import { fileChanges } from './file-changes.ts'
import { flushed, type Observation } from './observation.ts'
import { scanEffects } from './scans.ts'

/** Effects read from pg_locks, relfilenodes, scan and row counters. */
export function observedEffects(observation: Observation): readonly Effect[] {
  const files = fileChanges(observation)
  return [
    ...lockEffects(observation),
    ...files,
    ...scanEffects(observation, files),
    ...writeEffects(observation),
    ...walEffect(observation),
  ]
}

function lockEffects({ before, after, catalog }: Observation): readonly LockEffect[] {
  const effects: LockEffect[] = []
  for (const reading of after.relations.values()) {
    const known = catalog.get(reading.oid)
    if (known === undefined) continue
    const held = before.relations.get(reading.oid)?.modes ?? []
    const mode = strongest(reading.modes.filter((candidate) => !held.includes(candidate)))
    const already = strongest(held)
    if (mode === undefined || (already !== undefined && lockStrength(already) >= lockStrength(mode))) continue
    effects.push({ kind: 'lock', relation: known.relation, mode, until: 'commit' })
  }
  return effects
}

function strongest(modes: readonly LockMode[]): LockMode | undefined {
  let best: LockMode | undefined
  for (const mode of modes) if (best === undefined || lockStrength(mode) > lockStrength(best)) best = mode
  return best
}

function writeEffects({ before, after, catalog, statement }: Observation): readonly WriteEffect[] {
  const effects: WriteEffect[] = []
  for (const reading of after.relations.values()) {
    const known = catalog.get(reading.oid)
    if (known === undefined || known.relation.kind !== 'table') continue
    const last = flushed(before, after) ? undefined : before.relations.get(reading.oid)
    const updated = reading.updated - (last?.updated ?? 0)
    const deleted = reading.deleted - (last?.deleted ?? 0)
    const inserted = reading.inserted - (last?.inserted ?? 0)
    const read = reading.tuplesRead - (last?.tuplesRead ?? 0)
    const { relation } = known
    if (updated > 0) effects.push({ kind: 'write', relation, command: 'UPDATE', reach: reach(updated, read) })
    if (deleted > 0) effects.push({ kind: 'write', relation, command: 'DELETE', reach: reach(deleted, read) })
    if (inserted > 0) {
      const command = statement.tag === 'CopyStmt' ? 'COPY' : 'INSERT'
      effects.push({ kind: 'write', relation, command, reach: 'bounded' })
    }
  }
  return effects
}

/** Only a hint, for SQL that the prediction cannot see: every row that was read was also written. */
function reach(written: number, read: number): WriteEffect['reach'] {
  return written >= read && read > 0 ? 'filtered' : 'bounded'
}

function walEffect({ before, after }: Observation): readonly Effect[] {
  const bytes = after.walPosition - before.walPosition
  return bytes > 0 ? [{ kind: 'wal', bytes }] : []
}
