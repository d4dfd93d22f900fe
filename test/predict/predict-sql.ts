import { lockModes } from '../../src/core/locks.ts'
import type { Migration, TransactionMode } from '../../src/core/model.ts'
import type { MigrationScript } from '../../src/core/source.ts'
import { predictRun, type StatementPrediction } from '../../src/predict/index.ts'
import { parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'

/** Migrations from texts, as a source would load them. */
export function migrations(
  texts: readonly string[],
  mode: TransactionMode = 'statement',
  sharesSession = false,
): readonly Migration[] {
  const scripts = texts.map((text, position): MigrationScript => {
    return {
      source: 'test',
      file: `${position + 1}.sql`,
      version: String(position + 1),
      title: 'test',
      text,
      start: 0,
      end: text.length,
      transaction: { mode, why: 'test' },
      repeatable: false,
    }
  })
  return layOutTransactions(scripts.map(parseScript), sharesSession)
}

export interface Circumstances {
  readonly timeZone?: string
  readonly serverMajor?: number
  readonly mode?: TransactionMode
}

/** Predicts the statements of one file on top of a history; `[]` for no history at all. */
export function predictOn(
  history: readonly string[],
  review: string,
  { timeZone = 'UTC', serverMajor = 18, mode = 'statement' }: Circumstances = {},
): readonly StatementPrediction[] {
  const input = { history: migrations(history), review: migrations([review], mode), timeZone, serverMajor }
  return predictRun(input)[0] ?? []
}

const initials = ['AS', 'RS', 'RX', 'SUX', 'S', 'SRX', 'X', 'AX']

/** `users AX; orders SRX`, sorted by name, of relations that existed before; indexes only when asked for. */
export function locksOf(prediction: StatementPrediction | undefined, withIndexes = false): string {
  const locks: string[] = []
  for (const effect of prediction?.effects ?? []) {
    if (effect.kind !== 'lock' || !effect.relation.existedBefore) continue
    if (!withIndexes && effect.relation.kind.endsWith('index')) continue
    locks.push(`${nameOf(effect.relation)} ${initials[lockModes.indexOf(effect.mode)]}`)
  }
  return locks.sort().join('; ') || '-'
}

/** Heaps that get a new file, by rewriting or truncating. */
export function rewritesOf(prediction: StatementPrediction | undefined): string {
  const names = new Set<string>()
  for (const effect of prediction?.effects ?? []) {
    if (effect.kind !== 'rewrite' && effect.kind !== 'truncate') continue
    if (effect.relation.existedBefore && !effect.relation.kind.endsWith('index')) {
      names.add(nameOf(effect.relation))
    }
  }
  return [...names].sort().join(', ') || '-'
}

/** Heaps that are read whole. */
export function scansOf(prediction: StatementPrediction | undefined): string {
  const names = new Set<string>()
  for (const effect of prediction?.effects ?? []) {
    if (effect.kind === 'scan' && effect.relation.existedBefore) names.add(nameOf(effect.relation))
  }
  return [...names].sort().join(', ') || '-'
}

/** `locks | rewrites | scans`, as the measured files have it. */
export function summaryOf(prediction: StatementPrediction | undefined): string {
  return `${locksOf(prediction)} | ${rewritesOf(prediction)} | ${scansOf(prediction)}`
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return schema === 'public' ? name : `${schema}.${name}`
}
