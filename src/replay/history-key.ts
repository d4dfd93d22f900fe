import { hash } from 'node:crypto'
import type { Migration } from '../core/model.ts'

/** Tells replayed histories apart: equal keys, equal databases. */
export interface HistoryKey {
  /** Digest of everything but the scripts: tool, server, settings, roles, sessions. */
  readonly circumstances: string
  /** A digest for each script, in order. */
  readonly scripts: readonly string[]
}

/**
 * The key of a history that is applied under these circumstances.
 * @param circumstances JSON data with everything besides the scripts that decides what becomes of them
 */
export function historyKey(
  circumstances: Readonly<Record<string, unknown>>,
  history: readonly Migration[],
): HistoryKey {
  return { circumstances: digest(circumstances), scripts: history.map(scriptDigest) }
}

/**
 * What runs, and where it stands in the file: that is told of steps that fail. The text alone does not say which part
 * of it runs, and with which values in place of placeholders. A file that holds several scripts gains others.
 */
function scriptDigest({ file, id, transaction, text, statements }: Migration): string {
  const steps = statements.map(({ sql, copyData, span, part }) => [
    span.start.offset,
    sql,
    copyData ?? null,
    part ?? 0,
  ])
  return digest([file, transaction.mode, id === undefined ? text : { id }, steps])
}

function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'hex')
}

/** File name of the history with this key, without its ending: 32 hexadecimal digits. */
export function keyName({ circumstances, scripts }: HistoryKey): string {
  return digest([circumstances, scripts]).slice(0, 32)
}

export function isSameKey(one: HistoryKey, other: HistoryKey): boolean {
  return one.scripts.length === other.scripts.length && isBeginningOf(one, other)
}

/** Under the same circumstances, are the scripts of `one` the first of those of `other`? */
export function isBeginningOf(one: HistoryKey, other: HistoryKey): boolean {
  return (
    one.circumstances === other.circumstances &&
    one.scripts.every((script, index) => script === other.scripts[index])
  )
}
