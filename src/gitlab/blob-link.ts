import { codeSpan, cutText, link } from '../reporters/markdown-text.ts'
import type { PipelineFacts } from './model.ts'

/** `[file:line](blob at head)` as markdown; only `file:line` where no address is known. `label` stands for the file. */
export function fileLine(pipeline: PipelineFacts, file: string, line: number, label = file): string {
  const text = codeSpan(`${cutText(label, 200)}:${line}`)
  const url = blobUrl(pipeline, file, line)
  return url === undefined ? text : link(text, url)
}

/**
 * Where GitLab shows a line of a file at the head of the source branch. Undefined when the project is not known, and for
 * names that a browser would resolve to another page (`..`).
 */
export function blobUrl(pipeline: PipelineFacts, file: string, line: number): string | undefined {
  const { sourceProjectUrl, headSha } = pipeline
  const segments = file.split('/')
  const leadsElsewhere = segments.some((segment) => segment === '' || segment === '.' || segment === '..')
  if (sourceProjectUrl === undefined || !isWebAddress(sourceProjectUrl) || leadsElsewhere) return undefined
  if (!/^[0-9a-f]{7,64}$/.test(headSha) || file.length > 1000) return undefined
  const path = segments.map((segment) => encodeSegment(segment)).join('/')
  return `${sourceProjectUrl.replace(/\/+$/, '')}/-/blob/${headSha}/${path}#L${Math.trunc(line)}`
}

/** Only such addresses become links. */
export function isWebAddress(url: string): boolean {
  return /^https?:\/\/[^/\s]/.test(url)
}

/** The first eight digits of a commit, in code, so that GitLab makes no reference of it. */
export function shortCommit(sha: string): string {
  return codeSpan(sha.slice(0, 8))
}

/** Also what encodeURIComponent leaves alone and markdown or people could take for punctuation. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.replaceAll(/\p{Cs}/gu, '\ufffd')).replaceAll(
    /[!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
