import { groupBy } from '../core/groups.ts'
import { relationKey } from '../core/effects.ts'
import { formatMsRange } from '../core/quantities.ts'
import {
  describeEffects,
  describeEvidence,
  describeHeldTime,
  describeHolding,
  describeMode,
  relationName,
  withoutRepeatedTimes,
} from '../reporters/effects.ts'
import { list } from '../reporters/words.ts'
import type { Duration, EvidencedEffect, LockEffect, Range } from '../core/model.ts'

/** Effects in words, ready to be escaped. */
export interface EffectLines {
  /** Each ends with its evidence where that differs from line to line. */
  readonly lines: readonly string[]
  /** The evidence, said once, when all effects share it. */
  readonly evidence: string | undefined
}

/** More relations in a line are no longer read. */
const maxRelations = 12

/**
 * As describeEffects() of the reporters, but with equal locks on several relations in one line. `holding`: do the lines
 * say until when locks are held? `more` is said on the same evidence as the last effect. `above`: a time that is said
 * there already.
 */
export function effectLines(
  effects: readonly EvidencedEffect[],
  more: readonly string[] = [],
  holding = true,
  above?: Range,
): EffectLines {
  const told = withoutRepeatedTimes(effects, above === undefined ? {} : { ms: above })
  const groups = groupBy(told, (effect) => (effect.kind === 'lock' ? lockKey(effect) : effect))
  const said = [...groups.values()].flatMap((group) => describeGroup(group, holding))
  const last = said.at(-1)
  if (last !== undefined) said.push(...more.map((text) => ({ text, evidence: last.evidence })))
  const kinds = new Set(said.map(({ evidence }) => evidence))
  const lines = said.map(({ text, evidence }) => (kinds.size === 1 ? text : `${text} — ${evidence}`))
  return { lines: [...new Set(lines)], evidence: kinds.size === 1 ? last?.evidence : undefined }
}

function lockKey({ mode, until, relation, evidence }: LockEffect & EvidencedEffect): string {
  return JSON.stringify([mode, until, relation.existedBefore, describeEvidence(evidence)])
}

function describeGroup(
  group: readonly EvidencedEffect[],
  holding: boolean,
): readonly { readonly text: string; readonly evidence: string }[] {
  const described = describeEffects(group.slice(0, 1))
  const [text] = described.effects
  if (text === undefined || described.evidence === undefined) return []
  const locks = group.filter((effect): effect is LockEffect & EvidencedEffect => effect.kind === 'lock')
  return [{ text: locks.length === 0 ? text : describeLocks(locks, holding), evidence: described.evidence }]
}

/** `AccessExclusiveLock on orders and customers (reads and writes wait), held until commit` */
function describeLocks(locks: readonly LockEffect[], holding: boolean): string {
  const relations = new Map(locks.map(({ relation }) => [relationKey(relation), relation]))
  const names = [...relations.values()].map(relationName)
  const left = names.length - maxRelations
  const shown = left > 0 ? [...names.slice(0, maxRelations), `${left} more`] : names
  const [first] = locks
  if (first === undefined) return ''
  const fresh = first.relation.existedBefore ? '' : ', created in this run'
  const [longest = first] = locks.toSorted((a, b) => (b.heldMs?.expected ?? 0) - (a.heldMs?.expected ?? 0))
  const time = longest.heldMs === undefined ? '' : `, ${heldTime(longest.heldMs)}`
  const held = holding ? `, ${describeHolding(longest)}` : time
  return `${first.mode} on ${list(shown)}${fresh} (${describeMode(first.mode)})${held}`
}

function heldTime(time: Duration): string {
  return time.onClone === undefined
    ? `for an estimated ${formatMsRange(time)} in production`
    : describeHeldTime(time)
}
