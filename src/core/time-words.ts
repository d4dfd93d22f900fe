/** Times of production as people read them, with what they rest on: an estimate must not pass for a measurement, nor the other way round. */
import type { CloneBasis, Duration } from './cost-model.ts'
import { formatBytes, formatMs, formatMsRange } from './quantities.ts'

/** Was all of it measured on a clone of production? */
export function isMeasuredTime({ onClone }: Duration): boolean {
  return onClone !== undefined && onClone.estimatedMs === undefined
}

/** `about 2 min 10 s (1 min 20 s to 3 min 30 s)`, `under 1 ms`; without `about` what was measured: `2 min 10 s`. */
export function timeWords(time: Duration): string {
  const text = formatMsRange(time)
  return isMeasuredTime(time) ? text : about(text)
}

/** `about 3 s`, `under 1 ms`. */
export function about(text: string): string {
  return text.startsWith('under ') ? text : `about ${text}`
}

/**
 * What a time rests on, to stand behind it: `estimated`; `measured on a clone of production (16.3, 410 GB)`; `2 s of it
 * measured on a clone of production (16.3, 410 GB), about 3 s estimated for what did not run there`.
 */
export function timeBasis({ expected, onClone }: Duration): string {
  if (onClone === undefined) return 'estimated'
  const { estimatedMs } = onClone
  if (estimatedMs === undefined) return measuredOn(onClone)
  const measured = formatMs(Math.max(0, expected - estimatedMs.expected))
  return `${measured} of it ${measuredOn(onClone)}, ${about(formatMsRange(estimatedMs))} estimated for what did not run there`
}

/** `measured on a clone of production (16.3, 410 GB)` */
export function measuredOn({ server, databaseBytes }: CloneBasis): string {
  return `measured on a clone of production (${server}, ${formatBytes(databaseBytes)})`
}
