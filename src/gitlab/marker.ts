/**
 * The hidden last line of every note of ours. It says which finding a thread stands for and what we wrote there, so
 * that the next run finds everything again without a database. Whether a marker is believed (our own user, this merge
 * request, this review) is decided in plan-remote.ts.
 */
import { createHash } from 'node:crypto'
import { UsageError } from '../core/errors.ts'
import type { Marker, MarkerKind } from './model.ts'

type EvidenceName = NonNullable<Marker['evidence']>
type StateName = NonNullable<Marker['state']>

const kinds: readonly MarkerKind[] = ['sticky', 'finding', 'reply', 'answer', 'superseded']
const evidences: readonly EvidenceName[] = ['measured', 'predicted', 'known']
const states: readonly StateName[] = ['open', 'resolved']

/** One HTML comment on one line: GitLab's older finder of quick actions looks into comments of several lines. */
const markerLine = /^<!-- pgrehearse:1((?: [a-z]+=[\w.:/-]{1,200})+) -->$/
const anyVersion = /^<!-- pgrehearse:\d+ .*-->$/
const plainValue = /^[\w.:/-]{1,200}$/

/**
 * The marker as one line. Throws UsageError when a value holds anything but letters, digits and `_ . : / -`, or `--`,
 * which could end the HTML comment.
 */
export function formatMarker(marker: Marker): string {
  const pairs: readonly (readonly [string, string | number | undefined])[] = [
    ['k', marker.kind],
    ['n', marker.name],
    ['fp', marker.fingerprint],
    ['p', marker.pathHash],
    ['e', marker.evidence],
    ['note', marker.note],
    ['mr', marker.mergeRequest],
    ['head', marker.headSha],
    ['dv', marker.diffVersion],
    ['pl', marker.pipelineId],
    ['b', marker.bodyHash],
    ['st', marker.state],
  ]
  const words = pairs.flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${checked(key, value)}`],
  )
  return `<!-- pgrehearse:1 ${words.join(' ')} -->`
}

function checked(key: string, value: string | number): string {
  const text = String(value)
  if (plainValue.test(text) && !text.includes('--')) return text
  throw new UsageError(`The review's marker cannot hold ${JSON.stringify(text)} as ${describeKey(key)}.`, {
    hint: 'Use letters, digits, dots and single hyphens.',
  })
}

function describeKey(key: string): string {
  return key === 'n' ? 'the name of the review' : `its value “${key}”`
}

/**
 * Reads the last line that is not empty. Undefined when that is no marker, or one of a version that we do not know.
 * Keys that we do not know are left out, so that a later version may add some.
 */
export function parseMarker(body: string): Marker | undefined {
  const found = markerLine.exec(lastLine(body))
  if (found?.[1] === undefined || found[1].includes('--')) return undefined
  const values = new Map<string, string>()
  for (const word of found[1].trim().split(' ')) {
    const [, key = '', value = ''] = /^([a-z]+)=(.*)$/.exec(word) ?? []
    if (values.has(key)) return undefined
    values.set(key, value)
  }
  return readValues(values)
}

function readValues(values: ReadonlyMap<string, string>): Marker | undefined {
  const kind = kinds.find((known) => known === values.get('k'))
  const name = values.get('n')
  const mergeRequest = values.get('mr')
  const headSha = values.get('head')
  const diffVersion = wholeNumber(values.get('dv'))
  const pipelineId = wholeNumber(values.get('pl'))
  const bodyHashed = values.get('b')
  if (kind === undefined || name === undefined || mergeRequest === undefined || headSha === undefined) return
  if (diffVersion === undefined || pipelineId === undefined || bodyHashed === undefined) return
  const fingerprint = values.get('fp')
  const pathHash = values.get('p')
  const evidence = evidences.find((known) => known === values.get('e'))
  const state = states.find((known) => known === values.get('st'))
  const note = wholeNumber(values.get('note'))
  if (kind === 'finding') {
    if (fingerprint === undefined || pathHash === undefined) return
    if (evidence === undefined || state === undefined) return
  }
  if (kind === 'answer' && note === undefined) return
  return {
    ...{ kind, name, mergeRequest, headSha, diffVersion, pipelineId, bodyHash: bodyHashed },
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(pathHash === undefined ? {} : { pathHash }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(state === undefined ? {} : { state }),
    ...(note === undefined ? {} : { note }),
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/**
 * 16 hex digits of the visible part of a note. Line ends and white space at the ends of lines do not count: the
 * server may store them differently from how they were sent.
 */
export function bodyHash(visible: string): string {
  return createHash('sha256').update(normalized(visible)).digest('hex').slice(0, 16)
}

function normalized(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()
}

/** The note with its marker, which carries the hash of the visible part. Throws as `formatMarker` does. */
export function withMarker(visible: string, marker: Omit<Marker, 'bodyHash'>): string {
  const line = formatMarker({ ...marker, bodyHash: bodyHash(visible) })
  return `${visible.trimEnd()}\n\n${line}`
}

/** The note without its marker, of whatever version, with `\n` as line end. */
export function visibleBody(body: string): string {
  const text = normalized(body)
  if (!anyVersion.test(lastLine(text))) return text
  return text.slice(0, text.lastIndexOf('\n') + 1).trimEnd()
}

function lastLine(body: string): string {
  const text = body.trimEnd()
  const start = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1
  return text.slice(start)
}
