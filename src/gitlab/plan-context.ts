/** What every part of the plan needs. */
import { withMarker } from './marker.ts'
import { mergeRequestKey } from './plan-remote.ts'
import type { ReviewTexts } from './plan-texts.ts'
import type { Marker, MarkerKind, ReviewInput } from './model.ts'

export interface PlanContext {
  readonly input: ReviewInput
  readonly texts: ReviewTexts
  /** A complete note: visible text and marker. */
  readonly note: (kind: MarkerKind, visible: string, more?: Partial<Marker>) => string
}

export function planContext(input: ReviewInput, texts: ReviewTexts): PlanContext {
  const { pipeline, policy, remote } = input
  const common = {
    name: policy.name,
    mergeRequest: mergeRequestKey(remote),
    headSha: pipeline.headSha,
    diffVersion: diffVersionOf(input),
    pipelineId: pipeline.pipelineId,
  }
  const note: PlanContext['note'] = (kind, visible, more = {}) =>
    withMarker(visible, { ...common, kind, ...more })
  return { input, texts, note }
}

/**
 * The number of the diff version that was judged: CI_MERGE_REQUEST_DIFF_ID and the ids of the versions API are the same
 * rows. 0 when unknown.
 */
export function diffVersionOf({ pipeline, remote }: Pick<ReviewInput, 'pipeline' | 'remote'>): number {
  if (pipeline.diffVersion !== undefined) return pipeline.diffVersion
  return remote.version?.headSha === pipeline.headSha ? remote.version.id : 0
}
