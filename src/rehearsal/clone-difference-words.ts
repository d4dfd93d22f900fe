/** What a clone of production showed and the rehearsal did not, for rules and for readers; and the other way round. */
import { describeEffect, describeMode, relationName } from '../reporters/effects.ts'
import { list } from '../reporters/words.ts'
import { relationKey } from '../core/effects.ts'
import type { Finding, LockEffect, Migration, Relation, Statement } from '../core/model.ts'
import { scriptKey } from '../core/script-name.ts'
import type { EffectsOnClone } from '../judge-run.ts'
import type { CloneEffect } from '../replay/clone-replay.ts'
import type { CloneDifference } from './clone-differences.ts'

/**
 * What statements did on the clone besides: rules judge it as they judge what the rehearsal measured.
 * @param server version of the clone
 */
export function effectsOnClone(differences: readonly CloneDifference[], server: string): EffectsOnClone {
  const evidence = { by: 'measured', probe: 'clone', server } as const
  const byStatement = new Map(
    differences.map(({ statement: { migration, statement }, more }) => [
      keyOf(migration, statement),
      more.map((effect) => ({ ...effect, evidence })),
    ]),
  )
  return (migration, statement) => byStatement.get(keyOf(migration, statement)) ?? []
}

/** A run on several majors reads the migrations for each, and has one clone: their statements are other objects. */
function keyOf(migration: Migration, { index }: Statement): string {
  return `${scriptKey(migration)}\0${index}`
}

/** `rewrites users; takes AccessExclusiveLock on audit (reads and writes wait)`; completes `it …`. */
export function differenceWords({ more, less }: Pick<CloneDifference, 'more' | 'less'>): string {
  return [
    ...grouped(more, 'takes', (effect) => describeEffect(effect) ?? ''),
    ...grouped(less, 'does not take', ({ relation }) => `does not rewrite ${relationName(relation)}`),
  ].join('; ')
}

/** A finding that rests on what does not happen on the clone says so. */
export function withoutOnClone<F extends Finding>(finding: F, differences: readonly CloneDifference[]): F {
  const less = differences
    .filter(({ statement: { statement } }) => isSameSpan(statement, finding))
    .flatMap((difference) => difference.less)
    .filter((effect) => finding.because.some((own) => isSameEffect(own, effect)))
  if (less.length === 0) return finding
  const note = `On the clone of production this statement ${differenceWords({ more: [], less })}.`
  return { ...finding, notes: [...finding.notes, note] }
}

function isSameSpan({ span }: Statement, finding: Finding): boolean {
  return span.file === finding.span.file && span.start.offset === finding.span.start.offset
}

function isSameEffect(own: Finding['because'][number], effect: CloneEffect): boolean {
  return (
    own.kind === effect.kind &&
    'relation' in own &&
    relationKey(own.relation) === relationKey(effect.relation) &&
    (own.kind !== 'lock' || effect.kind !== 'lock' || own.mode === effect.mode)
  )
}

/** Locks of one mode are one part; of the same work on many relations the first are told. */
function grouped(
  effects: readonly CloneEffect[],
  verb: string,
  tell: (effect: CloneEffect) => string,
): readonly string[] {
  const locks = effects.filter((effect): effect is LockEffect => effect.kind === 'lock')
  const others = effects.filter(({ kind }) => kind !== 'lock')
  const modes = [...new Set(locks.map(({ mode }) => mode))]
  return [
    ...united(others, tell),
    ...modes.map((mode) => {
      const relations = locks.flatMap((lock) => (lock.mode === mode ? [lock.relation] : []))
      return `${verb} ${mode} on ${named(relations)} (${describeMode(mode)})`
    }),
  ]
}

/** The same work on several relations is one part: `rewrites a and b to change a column type`. */
function united(effects: readonly CloneEffect[], tell: (effect: CloneEffect) => string): readonly string[] {
  const parts = new Map<string, Relation[]>()
  for (const effect of effects) {
    const work = tell(effect).replace(relationName(effect.relation), relationSign)
    parts.set(work, [...(parts.get(work) ?? []), effect.relation])
  }
  return [...parts].map(([work, relations]) => work.replace(relationSign, () => named(relations)))
}

const relationSign = '\u0000'

/** More in a line are no longer read. */
const mostNamed = 5

function named(relations: readonly Relation[]): string {
  return list(shortened(relations.map(relationName)))
}

function shortened(parts: readonly string[]): readonly string[] {
  const different = [...new Set(parts)]
  const left = different.length - mostNamed
  return left > 0 ? [...different.slice(0, mostNamed), `${left} more`] : different
}
