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

/** What was found for the partitions of one table before. */
export type KnownGenerators = Map<string, Generator | undefined>

type OwnCondition = ReturnType<typeof ownConditions>[number]

/** Milliseconds for one try: a condition may call a function that never ends. */
const tryMs = 400
const mostTries = 60
/** Candidates that the server judges in one query. */
const triedTogether = 6

/**
 * Chooses a generator for every column of a target, so that what its own CHECKs, its domains and the partition's
 * bounds ask of a column alone is met. The server judges: every function means what it means in the constraint.
 */
export async function chooseGenerators(
  session: FillSession,
  seed: SeedCatalog,
  target: FillTarget,
  styleOf: (column: SeedColumn) => Style,
  known: KnownGenerators = new Map(),
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
  const chooser = new Chooser(session, seed, target, known)
  for (const [name, choice] of await chooser.choose(doubtful)) columns.set(name, choice)
  return { target, conditions, columns }
}

class Chooser {
  private readonly known: KnownGenerators
  private readonly session: FillSession
  private readonly seed: SeedCatalog
  private readonly target: FillTarget

  constructor(session: FillSession, seed: SeedCatalog, target: FillTarget, known: KnownGenerators) {
    this.known = known
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

  /** The same question for the same column of another partition has the same answer. */
  private async fitting(choice: ColumnChoice, own: readonly OwnCondition[]): Promise<Generator | undefined> {
    const { style, column, type } = choice
    const question = JSON.stringify([
      column.name,
      type,
      column.typmod,
      style.rows,
      style.key,
      this.target.isDefault,
      own.map(({ sql }) => sql),
    ])
    if (!this.known.has(question)) this.known.set(question, await this.search(choice, own))
    return this.known.get(question)
  }

  /** The first candidate that fits and has values enough; else the fitting one with most values. */
  private async search(choice: ColumnChoice, own: readonly OwnCondition[]): Promise<Generator | undefined> {
    const { column, style } = choice
    const base = resolveType(this.seed.types, column.type, column.typmod)
    if (base === undefined) return choice.generator
    const hints = mergedHints(own.map((one) => one.hints))
    const plain = choice.generator === undefined ? [] : [choice.generator]
    const shapes = shapesFor(base, hints, style, this.target.isDefault)
    // A list of constants is what a condition on a text is most often.
    const isList =
      hints.texts.length > 0 && hints.patterns.length + hints.likes.length + hints.lengths.length === 0
    const listed = async (): Promise<readonly Generator[]> => {
      const pool = await this.pool(choice, own, hints)
      return pool.length === 0 ? [] : [listGenerator(pool, choice.type)]
    }
    const first = this.target.isDefault ? shapes : plain
    const needed = style.key ? style.rows : 1
    const [best, enough] = await this.best(first, choice, own, needed)
    if (enough) return best
    const early = isList && base.type.category === 'S' && !style.key ? await listed() : []
    if (early.length > 0) return early[0]
    const [other, suffices] = await this.best(this.target.isDefault ? plain : shapes, choice, own, needed)
    const pooled = suffices || early.length > 0 ? [] : await listed()
    const most = [best, other, ...pooled]
      .filter((one) => one !== undefined)
      .toSorted((a, b) => b.capacity - a.capacity)[0]
    return most ?? (choice.nullable ? undefined : choice.generator)
  }

  /** Of these the first that is enough (or not to be tried any further), else the one with most values. */
  private async best(
    candidates: readonly Generator[],
    choice: ColumnChoice,
    own: readonly OwnCondition[],
    needed: number,
  ): Promise<readonly [Generator | undefined, boolean]> {
    let best: Generator | undefined
    for (let at = 0; at < Math.min(candidates.length, mostTries); at += triedTogether) {
      const some = candidates
        .slice(at, at + triedTogether)
        .filter(({ capacity }) => capacity > (best?.capacity ?? 0))
      const judged = some.map((candidate): Judged => [candidate, choice, own])
      const answers = await this.each(judged)
      if (answers === 'timeout') return [choice.generator, true]
      for (const [index, candidate] of some.entries()) {
        if (answers[index] !== true || candidate.capacity <= (best?.capacity ?? 0)) continue
        best = candidate
        if (candidate.capacity >= needed) return [best, true]
      }
    }
    return [best, false]
  }

  /** Literals that the conditions suggest and take. */
  private async pool(
    choice: ColumnChoice,
    own: readonly OwnCondition[],
    hints: Hints,
  ): Promise<readonly string[]> {
    const place = { row: 1, slot: 5000 + (choice.column.number % 500), key: false }
    const texts = literalsFor(this.seed, choice.column, hints, place).slice(0, mostTries)
    const judged = texts.map((text): Judged => [listGenerator([text], choice.type), choice, own])
    const answers = await this.each(judged)
    return answers === 'timeout' ? [] : texts.filter((_, at) => answers[at])
  }

  /** One answer per candidate, in one go unless one of them raises. */
  private async each(items: readonly Judged[]): Promise<readonly boolean[] | 'timeout'> {
    if (items.length === 0) return []
    const answer = await this.ask(items.map((item) => [item]))
    if (answer !== undefined) return answer
    const answers: boolean[] = []
    for (const item of items) {
      const meets = await this.meets([item])
      if (meets === 'timeout') return meets
      answers.push(meets)
    }
    return answers
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
    const answer = await this.ask([items])
    return answer === 'timeout' ? answer : answer?.[0] === true
  }

  /** For every group whether all in it fit; undefined when the server refused to tell. */
  private async ask(
    groups: readonly (readonly Judged[])[],
  ): Promise<readonly boolean[] | 'timeout' | undefined> {
    const rows = Math.max(80, ...groups.flat().map(([, { style }]) => style.rows))
    // The first ordinals, and the last
    const n = `(case when ${rowNumber} <= 40 then ${rowNumber} else ${rows - 80} + ${rowNumber} end)`
    const tests = groups.map((items) =>
      items.flatMap(([generator, { type }, own]) =>
        own.map((condition) => meetsSql(condition, `(${generator?.sql(n) ?? 'null'})::${type}`)),
      ),
    )
    const answers = tests.map((all) => `bool_and(${all.join(' and ')})`)
    const answer = await this.session.try(
      `select array[${answers.join(', ')}] as met from ${rowsSql(1, 80, 0)}`,
      tryMs,
    )
    if (answer.refusal?.sqlstate === '57014') return 'timeout'
    return answer.refusal === undefined ? (answer.rows[0]?.['met'] as readonly boolean[]) : undefined
  }
}

type Judged = readonly [Generator | undefined, ColumnChoice, readonly OwnCondition[]]
