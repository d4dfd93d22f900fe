import { readRemote } from './plan-remote.ts'
import type { PipelineFacts, RemoteState, ReviewPolicy } from './model.ts'

/**
 * Why this pipeline must not write, as a sentence; undefined when it may. Asked before the first write and again before
 * the sticky note: GitLab has no conditional writes, so between this look and the write a newer pipeline can still slip
 * in. `resource_group` in the job closes that window, and without it the newer pipeline's next run repairs the rest.
 */
export function reasonNotToWrite(
  remote: RemoteState,
  pipeline: PipelineFacts,
  policy: ReviewPolicy,
): string | undefined {
  if (pipeline.event === 'merge train') {
    return 'Nothing is posted from a merge train: the merge request is about to be merged.'
  }
  const { state, headSha } = remote.mergeRequest
  if (state !== 'opened') return `Nothing is posted: the merge request is ${state}.`
  if (headSha !== undefined && headSha !== pipeline.headSha) {
    const newer = headSha.slice(0, 8)
    return `Nothing is posted: the merge request has moved on to ${newer}, whose own pipeline posts the review.`
  }
  return isReviewedByNewer(remote, pipeline, policy)
    ? 'Nothing is posted: a newer pipeline of this merge request has posted its review already.'
    : undefined
}

/** Diff versions and pipelines are numbered in the order in which they were made; 0 is an unknown one. */
function isReviewedByNewer(remote: RemoteState, pipeline: PipelineFacts, policy: ReviewPolicy): boolean {
  const ours = pipeline.diffVersion ?? 0
  return readRemote(remote, policy).stickies.some(({ marker }) => {
    const theirs = marker.diffVersion
    if (ours > 0 && theirs > 0 && ours !== theirs) return theirs > ours
    return pipeline.pipelineId > 0 && marker.pipelineId > pipeline.pipelineId
  })
}
