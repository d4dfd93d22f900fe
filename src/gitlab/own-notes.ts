import { parseMarker } from './marker.ts'
import { mergeRequestKey } from './plan-remote.ts'
import type { Marker, RemoteState, ReviewPolicy } from './model.ts'

/**
 * The marker of a note that this review wrote; undefined for notes of anybody else, for other reviews of the same merge
 * request, and for markers that were copied from another merge request.
 */
export function ownMarker(
  note: { readonly author: { readonly id: number }; readonly body: string },
  remote: RemoteState,
  policy: ReviewPolicy,
): Marker | undefined {
  if (note.author.id !== remote.me.id) return undefined
  const marker = parseMarker(note.body)
  const isOurs = marker?.name === policy.name && marker.mergeRequest === mergeRequestKey(remote)
  return isOurs ? marker : undefined
}

/** Do two notes say the same about the same thing? Where and when they were written does not matter. */
export function isSameNote(a: Marker | undefined, b: Marker | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.fingerprint === b.fingerprint &&
    a.pathHash === b.pathHash &&
    a.note === b.note
  )
}
