import { readRemote } from './plan-remote.ts'
import type { PipelineFacts, RemoteState, ReviewPolicy } from './model.ts'

/**
 * Why this pipeline must not write, as a sentence; undefined when it may. GitLab has no conditional writes: between the
 * look and the write a newer push can still slip in. `resource_group` in the job closes that window; without it the newer
 * pipeline, or the next run, repairs what came of it.
 */
export function reasonNotToWrite(
  remote: RemoteState,
  pipeline: PipelineFacts,
  policy: ReviewPolicy,
): string | undefined {
  const reason = reasonOfMergeRequest(remote.mergeRequest, pipeline)
  if (reason !== undefined) return reason
  return isReviewedByNewer(remote, pipeline, policy)
    ? 'Nothing is posted: a newer pipeline of this merge request has posted its review already.'
    : undefined
}

/** The part of it that one small request tells, asked before every write that people see. */
export function reasonOfMergeRequest(
  { state, headSha }: RemoteState['mergeRequest'],
  pipeline: PipelineFacts,
): string | undefined {
  if (pipeline.event === 'merge train') {
    return 'Nothing is posted from a merge train: the merge request is about to be merged.'
  }
  if (state !== 'opened') return `Nothing is posted: the merge request is ${state}.`
  if (headSha === undefined || headSha === pipeline.headSha) return undefined
  const newer = headSha.slice(0, 8)
  return `Nothing is posted: the merge request has moved on to ${newer}, whose own pipeline posts the review.`
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
