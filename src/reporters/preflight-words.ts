import type { Preflight, Remedy } from '../core/model.ts'

/** `fast` or what it costs, for behind the question. */
export function speedWords({ speed }: Preflight): string {
  return speed === 'fast' ? 'fast' : 'slow: reads a whole table'
}

/** What introduces the SQL of a preflight. */
export const askFirst = 'Ask production first'

/** Longer sentences of a proof are cut: they may name objects of the migrations. */
export const maxProof = 600

/** `Proven. Replayed: …`, `Not proven. Not replayed: …`; undefined when nobody tried. */
export function proofWords({ proof }: Remedy): string | undefined {
  if (proof === undefined) return undefined
  return `${proof.outcome === 'proven' ? 'Proven' : 'Not proven'}. ${proof.says}`
}
