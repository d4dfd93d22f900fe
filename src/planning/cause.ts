import type { Effect, MigrationResult } from '../core/model.ts'
import type { PlanChange, StatementRef } from '../core/query-model.ts'
import type { PlanSide } from './compare-plans.ts'

/**
 * The statement of the review that most likely made a plan worse: the one that took away the index that it used, else
 * the first one that changed a table that it reads.
 */
export function causeOf(
  changes: readonly PlanChange[],
  before: PlanSide,
  after: PlanSide,
  results: readonly MigrationResult[],
): StatementRef | undefined {
  const lost = new Set(changes.flatMap((change) => (change.type === 'lost index' ? [change.index] : [])))
  const used = new Set(before.reads.flatMap(({ indexes }) => indexes.map(({ name }) => name)))
  const tables = new Set(
    [...before.reads, ...after.reads].flatMap(({ relation, rootName }) => [relation, rootName]),
  )
  const tests: readonly ((effect: Effect) => boolean)[] = [
    (effect) => dropsIndex(effect, lost),
    (effect) => dropsIndex(effect, used),
    (effect) => rewrites(effect, tables),
    (effect) => changesTable(effect, tables) && takesAway(effect),
    (effect) => changesTable(effect, tables),
  ]
  for (const test of tests) {
    const found = firstStatement(results, test)
    if (found !== undefined) return found
  }
  return undefined
}

function firstStatement(
  results: readonly MigrationResult[],
  test: (effect: Effect) => boolean,
): StatementRef | undefined {
  for (const { migration, statements } of results) {
    const found = statements.find(({ effects }) => effects.some(test))
    if (found === undefined) continue
    const { index, span } = found.statement
    return { file: migration.file, index, span }
  }
  return undefined
}

/** A constraint's index has its name. */
function dropsIndex(effect: Effect, names: ReadonlySet<string>): boolean {
  return (
    effect.kind === 'catalog' &&
    effect.change.type === 'drop' &&
    /index|constraint/.test(effect.object.kind) &&
    names.has(effect.object.name)
  )
}

function rewrites(effect: Effect, tables: ReadonlySet<string>): boolean {
  return effect.kind === 'rewrite' && tables.has(`${effect.relation.schema}.${effect.relation.name}`)
}

/** Indexes go with a column, and are built anew for another type. */
function takesAway(effect: Effect): boolean {
  return effect.kind === 'catalog' && /^drop|^change type/.test(effect.change.type)
}

function changesTable(effect: Effect, tables: ReadonlySet<string>): boolean {
  if (effect.kind !== 'catalog') return false
  const { schema, name, table } = effect.object
  return tables.has(table ?? `${schema}.${name}`)
}
