import { displayName } from '../../src/core/locks.ts'
import type { Effect, Migration, Statement } from '../../src/core/model.ts'
import { predictRun, type StatementPrediction } from '../../src/predict/index.ts'
import type { ReplayedMigration } from '../../src/replay/replay.ts'

/**
 * Where the static lock model and the replay disagree, statement by statement and relation by relation, in both
 * directions: locks on tables and views that existed before, rewritten heaps, heaps that DDL read. An empty list is
 * agreement. What only the known table can tell (statements that commit by themselves) and code whose inside the
 * prediction says it cannot see are left out.
 */
export function disagreements(
  history: readonly Migration[],
  replayed: readonly ReplayedMigration[],
  serverMajor: number,
  timeZone = 'UTC',
): readonly string[] {
  const review = replayed.map(({ migration }) => migration)
  const predictions = predictRun({ history, review, timeZone, serverMajor })
  return replayed.flatMap(({ statements }, at) =>
    statements.flatMap(({ statement, effects }) => {
      const apart = statementDisagreements(predictions[at]?.[statement.index], statement, effects) ?? []
      const where = `${statement.span.file}:${statement.span.start.line} ${statement.sql.slice(0, 60).replace(/\s+/g, ' ')}`
      return apart.map((difference) => `${where}: ${difference}`)
    }),
  )
}

/** As {@link disagreements} of one statement; undefined where there is nothing to compare. */
export function statementDisagreements(
  prediction: StatementPrediction | undefined,
  statement: Statement,
  effects: readonly Effect[],
): readonly string[] | undefined {
  if (prediction === undefined || prediction.unknown !== undefined) return undefined
  if (effects.some(({ kind }) => kind === 'error')) return undefined
  if (prediction.effects.some(({ evidence }) => evidence.by === 'known')) return undefined
  const parents = foreignKeyParents([...prediction.effects, ...effects], statement)
  const predicted = comparable(prediction.effects, parents)
  const measured = comparable(effects, parents)
  return [
    ...measured.filter((fact) => !predicted.includes(fact)).map((fact) => `only measured: ${fact}`),
    ...(isConditional(statement) ? [] : predicted)
      .filter((fact) => !measured.includes(fact))
      .map((fact) => `only predicted: ${fact}`),
  ]
}

/** Code with branches: the prediction names what any of them does, a run takes one. */
function isConditional({ tag, sql }: Statement): boolean {
  return tag === 'DoStmt' && /\b(?:if|case|loop|exception)\b/i.test(sql)
}

const tableLike: ReadonlySet<string> = new Set([
  'table',
  'partitioned table',
  'view',
  'materialized view',
  'foreign table',
])

/**
 * Tables that a foreign key points to. Whether its validation reads such a table or looks rows up by the key is the
 * planner's choice and depends on the rows, so scans there are not compared.
 */
function foreignKeyParents(effects: readonly Effect[], { sql }: Statement): ReadonlySet<string> {
  if (!/references|validate/i.test(sql)) return new Set()
  return new Set(
    effects.flatMap((effect) =>
      effect.kind === 'lock' && (effect.mode === 'ShareRowExclusiveLock' || effect.mode === 'RowShareLock')
        ? [effect.relation.name]
        : [],
    ),
  )
}

function comparable(effects: readonly Effect[], parents: ReadonlySet<string>): readonly string[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== 'lock' && effect.kind !== 'rewrite' && effect.kind !== 'scan') return []
    const { relation } = effect
    if (!relation.existedBefore || !tableLike.has(relation.kind)) return []
    if (effect.kind === 'lock') return [`${effect.mode} on ${displayName(relation)}`]
    if (effect.kind === 'rewrite') return [`rewrite of ${displayName(relation)} (${effect.cause})`]
    return effect.reason === 'read' || parents.has(relation.name)
      ? []
      : [`scan of ${displayName(relation)} (${effect.reason})`]
  })
}
