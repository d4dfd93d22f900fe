import type { SeedCatalog, SeedColumn } from '../replay/seed-catalog.ts'
import { mergedHints, type Hints } from '../replay/seed-checks.ts'
import { domainsOf, literalsFor } from '../replay/seed-conditions.ts'
import { conditionsOf, meetsSql, ownConditions, type FillCondition } from './fill-conditions.ts'
import type { FillTarget } from './fill-catalog.ts'
import type { FillSession } from './fill-session.ts'
import { shapesFor } from './fill-shapes.ts'
import { rowNumber, rowsSql } from './fill-sql.ts'
import { generatorOf, listGenerator, resolveType, type Generator, type Style } from './fill-types.ts'

/** How a column of a target gets its values. */
export interface ColumnChoice {
  readonly column: SeedColumn
  /** Absent: nothing that we can make fits; the column stays NULL or takes its default. */
  readonly generator: Generator | undefined
  readonly nullable: boolean
  /** SQL type that a cast to changes nothing. */
  readonly type: string
  /** Single values that its own conditions take, for CHECKs that tie it to others. */
  readonly hints: Hints
  readonly style: Style
  /** The conditions that decide about it alone do not leave the choice to us. */
  readonly constrained: boolean
}

export interface TargetChoice {
  readonly target: FillTarget
  readonly conditions: readonly FillCondition[]
  readonly columns: ReadonlyMap<string, ColumnChoice>
}

type OwnCondition = ReturnType<typeof ownConditions>[number]

/** Milliseconds for one try: a condition may call a function that never ends. */
const tryMs = 400
const mostTries = 60

/**
 * Chooses a generator for every column of a target, so that what its own CHECKs, its domains and the partition's
 * bounds ask of a column alone is met. The server judges: every function means what it means in the constraint.
 */
export async function chooseGenerators(
  session: FillSession,
  seed: SeedCatalog,
  target: FillTarget,
  styleOf: (column: SeedColumn) => Style,
): Promise<TargetChoice> {
  const conditions = conditionsOf(target)
  const columns = new Map<string, ColumnChoice>()
  const doubtful: { readonly choice: ColumnChoice; readonly own: readonly OwnCondition[] }[] = []
  for (const column of target.columns) {
    if (column.generated) continue
    const style = styleOf(column)
    const own = ownConditions(seed, conditions, column)
    const choice: ColumnChoice = {
      column,
      style,
      generator: generatorOf(seed.types, column.type, column.typmod, style),
      nullable: !column.notNull && !domainsOf(seed, column.type).some(({ notNull }) => notNull),
      type: resolveType(seed.types, column.type, column.typmod)?.type.sql ?? 'text',
      hints: mergedHints([
        ...conditions.map(({ hints }) => hints.get(column.name)),
        ...own.filter(({ name }) => name === 'value').map(({ hints }) => hints),
      ]),
      constrained: own.length > 0,
    }
    columns.set(column.name, choice)
    if (own.length > 0) doubtful.push({ choice, own })
  }
  const chooser = new Chooser(session, seed, target)
  for (const [name, choice] of await chooser.choose(doubtful)) columns.set(name, choice)
  return { target, conditions, columns }
}

class Chooser {
  private readonly session: FillSession
  private readonly seed: SeedCatalog
  private readonly target: FillTarget

  constructor(session: FillSession, seed: SeedCatalog, target: FillTarget) {
    this.session = session
    this.seed = seed
    this.target = target
  }

  async choose(
    doubtful: readonly { readonly choice: ColumnChoice; readonly own: readonly OwnCondition[] }[],
  ): Promise<ReadonlyMap<string, ColumnChoice>> {
    const chosen = new Map<string, ColumnChoice>()
    // Most conditions are met by what one would choose anyway: asked in one go.
    const rest =
      !this.target.isDefault &&
      (await this.allMeet(doubtful.map(({ choice, own }) => [choice.generator, choice, own])))
        ? []
        : doubtful
    for (const { choice, own } of rest) {
      chosen.set(choice.column.name, { ...choice, generator: await this.fitting(choice, own) })
    }
    return chosen
  }

  /** The first candidate that fits and has values enough; else the fitting one with most values. */
  private async fitting(choice: ColumnChoice, own: readonly OwnCondition[]): Promise<Generator | undefined> {
    const { column, style } = choice
    const base = resolveType(this.seed.types, column.type, column.typmod)
    if (base === undefined) return choice.generator
    const hints = mergedHints(own.map((one) => one.hints))
    const shapes = shapesFor(base, hints, style, this.target.isDefault)
    const plain = choice.generator === undefined ? [] : [choice.generator]
    const candidates = this.target.isDefault ? [...shapes, ...plain] : [...plain, ...shapes]
    const needed = style.key ? style.rows : 1
    let best: Generator | undefined
    for (const candidate of candidates.slice(0, mostTries)) {
      if (candidate.capacity <= (best?.capacity ?? 0)) continue
      const meets = await this.meets([[candidate, choice, own]])
      if (meets === 'timeout') return choice.generator
      if (meets) best = candidate
      if ((best?.capacity ?? 0) >= needed) return best
    }
    const pool = await this.pool(choice, own, hints)
    const listed = pool.length === 0 ? undefined : listGenerator(pool, choice.type)
    const most = (listed?.capacity ?? 0) > (best?.capacity ?? 0) ? listed : best
    return most ?? (choice.nullable ? undefined : choice.generator)
  }

  /** Literals that the conditions suggest and take. */
  private async pool(
    choice: ColumnChoice,
    own: readonly OwnCondition[],
    hints: Hints,
  ): Promise<readonly string[]> {
    const place = { row: 1, slot: 5000 + (choice.column.number % 500), key: false }
    const texts = literalsFor(this.seed, choice.column, hints, place).slice(0, mostTries)
    const good: string[] = []
    for (const text of texts) {
      const one = listGenerator([text], choice.type)
      const meets = await this.meets([[one, choice, own]])
      if (meets === 'timeout') break
      if (meets) good.push(text)
    }
    return good
  }

  private async allMeet(items: readonly Judged[]): Promise<boolean> {
    if (items.length === 0) return true
    if (
      items.some(
        ([generator, { style }]) => generator === undefined || (style.key && generator.capacity < style.rows),
      )
    )
      return false
    return (await this.meets(items)) === true
  }

  private async meets(items: readonly Judged[]): Promise<boolean | 'timeout'> {
    const rows = Math.max(80, ...items.map(([, { style }]) => style.rows))
    // The first ordinals, and the last
    const n = `(case when ${rowNumber} <= 40 then ${rowNumber} else ${rows - 80} + ${rowNumber} end)`
    const tests = items.flatMap(([generator, { type }, own]) =>
      own.map((condition) => meetsSql(condition, `(${generator?.sql(n) ?? 'null'})::${type}`)),
    )
    const answer = await this.session.try(
      `select bool_and(${tests.join(' and ')}) as met from ${rowsSql(1, 80, 0)}`,
      tryMs,
    )
    if (answer.refusal?.sqlstate === '57014') return 'timeout'
    return answer.refusal === undefined && answer.rows[0]?.['met'] === true
  }
}

type Judged = readonly [Generator | undefined, ColumnChoice, readonly OwnCondition[]]
