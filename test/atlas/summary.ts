import { lockModes, lockStrength } from '../../src/core/locks.ts'
import type { EvidencedEffect, LockMode, Relation } from '../../src/core/model.ts'
import type { StatementPrediction } from '../../src/predict/index.ts'

/** A relation that existed before, by `schema.name`; of an index also its table. */
export interface NamedRelation {
  readonly schema: string
  readonly name: string
  /** `schema.name` */
  readonly table?: string
}

/** One thing that a statement did to a relation that existed before. */
export type Seen =
  | { readonly what: 'lock'; readonly relation: NamedRelation; readonly mode: LockMode }
  | { readonly what: 'file' | 'read'; readonly relation: NamedRelation }

const abbreviations = ['AS', 'RS', 'RX', 'SUX', 'S', 'SRX', 'X', 'AX']

/** The mode that an outcome abbreviates. */
export function modeNamed(abbreviation: string): LockMode {
  const mode = lockModes[abbreviations.indexOf(abbreviation)]
  if (mode === undefined) throw new Error(`no lock mode ${abbreviation}`)
  return mode
}

/** What was seen, as an {@link import('./forms.ts').Outcome}. */
export function summaryText(seen: readonly Seen[], alone: boolean): string {
  const parts = [lockList(seen), fileList(seen), names(seen.filter(({ what }) => what === 'read'))]
  return [...parts, ...(alone ? ['alone'] : [])].join(' | ')
}

/**
 * What was predicted, in the same words. Without locks on indexes where those cannot be measured: they are taken for
 * a moment, after everybody who used the index has gone.
 */
export function predictedText(
  { effects }: StatementPrediction,
  { alone, indexes = true }: { readonly alone: boolean; readonly indexes?: boolean },
): string {
  const failure = effects.find(({ kind }) => kind === 'error')
  if (failure?.kind === 'error') return `fails ${failure.sqlstate}`
  const seen = effects.flatMap(seenIn)
  const isLeftOut = ({ what, relation }: Seen): boolean => what === 'lock' && relation.table !== undefined
  return summaryText(indexes ? seen : seen.filter((one) => !isLeftOut(one)), alone)
}

function seenIn(effect: EvidencedEffect): readonly Seen[] {
  if (
    effect.kind !== 'lock' &&
    effect.kind !== 'rewrite' &&
    effect.kind !== 'truncate' &&
    effect.kind !== 'scan'
  )
    return []
  const { relation } = effect
  if (!relation.existedBefore || relation.kind === 'composite type') return []
  if (effect.kind === 'lock') return [{ what: 'lock', relation: named(relation), mode: effect.mode }]
  return [{ what: effect.kind === 'scan' ? 'read' : 'file', relation: named(relation) }]
}

function named({ kind, schema, name, table }: Relation): NamedRelation {
  return { schema, name, ...(kind.endsWith('index') && table !== undefined ? { table } : {}) }
}

function lockList(seen: readonly Seen[]): string {
  const strongest = new Map<string, { readonly relation: NamedRelation; readonly mode: LockMode }>()
  for (const one of seen) {
    if (one.what !== 'lock') continue
    const already = strongest.get(keyOf(one.relation))
    if (already === undefined || lockStrength(one.mode) > lockStrength(already.mode)) {
      strongest.set(keyOf(one.relation), one)
    }
  }
  const locks = [...strongest.values()].filter(({ relation, mode }) => {
    if (relation.table === undefined) return true
    const ofTable = strongest.get(relation.table)?.mode
    return lockStrength(mode) > Math.max(lockStrength(weakestShown), lockStrength(ofTable ?? weakestShown))
  })
  const texts = locks.map(({ relation, mode }) => `${shown(relation)} ${abbreviations[lockStrength(mode)]}`)
  return texts.toSorted().join('; ') || '-'
}

/** Locks on indexes come with every use of the table; only those that exclude others are worth a word. */
const weakestShown: LockMode = 'RowExclusiveLock'

/** Heaps, and indexes whose heap stays: with a heap all its indexes are written anew. */
function fileList(seen: readonly Seen[]): string {
  const files = seen.filter(({ what }) => what === 'file')
  const heaps = new Set(files.map(({ relation }) => keyOf(relation)))
  return names(files.filter(({ relation }) => relation.table === undefined || !heaps.has(relation.table)))
}

function names(seen: readonly Seen[]): string {
  return [...new Set(seen.map(({ relation }) => shown(relation)))].toSorted().join(', ') || '-'
}

function keyOf({ schema, name }: NamedRelation): string {
  return `${schema}.${name}`
}

function shown({ schema, name, table }: NamedRelation): string {
  const short = (qualified: string): string => qualified.replace(/^public\./, '')
  return table === undefined ? short(`${schema}.${name}`) : `${short(table)}/${name}`
}
