import { indexed } from './shape-indexed.ts'
import { jsonb } from './shape-jsonb.ts'
import { messages } from './shape-messages.ts'
import { narrow } from './shape-narrow.ts'
import { partitioned } from './shape-partitioned.ts'
import { toasted } from './shape-toasted.ts'
import { wide } from './shape-wide.ts'
import type { Shape, Trial } from './shape.ts'

/** Tables as projects have them, in the order in which they run. */
export const shapes: readonly Shape[] = [narrow, wide, toasted, indexed, partitioned, jsonb, messages]

/** Trials that are predicted in one run, in the order in which the first of each group stands. */
export function groupsOf(trials: readonly Trial[]): readonly (readonly Trial[])[] {
  const groups = new Map<string, Trial[]>()
  for (const one of trials) groups.set(one.group, [...(groups.get(one.group) ?? []), one])
  return [...groups.values()]
}
