import type { Migration, Statement } from '../core/model.ts'
import type { SkippedFile } from '../core/source.ts'
import type { Circumstances } from './circumstances.ts'
import { couldHaveMade, failedStep, type FailedStep } from './failed-step.ts'
import { knownExtension } from './known-extensions.ts'
import { missingExtension, missingObject, type MissingObject } from './missing-object.ts'
import { leavesOutSql } from './psql-parts.ts'
import { namesMadeAtRunTime } from './run-time-names.ts'

/** SQL or code before the migrations under review that is not run here, so nobody knows what it creates. */
export interface UnknownPart {
  /** A clause: `it may build on V3__users.java, which is not run here`. */
  readonly why: string
}

/** What is lost when the migrations under review begin. */
export function lostObjects(
  failedSteps: readonly FailedStep[],
  { history, review, leftOut = [] }: Pick<Circumstances, 'history' | 'review' | 'leftOut'>,
): LostObjects {
  const scripts = [...history, ...review]
  return new LostObjects(failedSteps, unknownPart(scripts, leftOut), () => scripts.map(({ text }) => text))
}

function unknownPart(
  scripts: readonly Migration[],
  leftOut: readonly SkippedFile[],
): UnknownPart | undefined {
  const [first, ...others] = leftOut
  if (first !== undefined) {
    const more = others.length === 0 ? ', which is' : ` and ${others.length} more, which are`
    return { why: `it may build on ${first.file}${more} not run here` }
  }
  if (!leavesOutSql(scripts)) return undefined
  return { why: 'it may build on SQL that only psql reads or makes (\\i, \\gexec)' }
}

/**
 * What the database of a rehearsal lacks through no fault of the migrations under review: objects of steps that could
 * not be run, and of code that only other programs run.
 */
export class LostObjects {
  private readonly steps: FailedStep[]
  private readonly unknown: UnknownPart | undefined
  private readonly texts: () => Iterable<string>
  private runTimeNames: ReturnType<typeof namesMadeAtRunTime> | undefined

  /** `texts`: all scripts, for names that they put together at run time. */
  constructor(
    steps: readonly FailedStep[],
    unknown: UnknownPart | undefined,
    texts: () => Iterable<string> = () => [],
  ) {
    this.steps = steps.filter(({ reason }) => reason !== 'refused')
    this.unknown = unknown
    this.texts = texts
  }

  /** A clause; undefined where it is known what there should be. */
  get whyUnknown(): string | undefined {
    return this.unknown?.why
  }

  /** May objects be missing at all? */
  get isEmpty(): boolean {
    return this.steps.length === 0 && this.unknown === undefined
  }

  add(step: FailedStep): void {
    this.steps.push(step)
  }

  /**
   * Why an object may be missing, a clause; undefined where nothing that was left out could have made it, or where
   * nothing is missing.
   */
  explain(
    migration: Migration,
    statement: Statement,
    { sqlstate, message }: { readonly sqlstate: string; readonly message: string },
  ): string | undefined {
    const missing = missingObject(sqlstate, message)
    if (missing === undefined) return undefined
    const { about } = failedStep(migration, statement, { sqlstate, message, reason: 'error' })
    if (this.steps.some((step) => couldHaveMade(step, missing, { about }) || bringsAlong(step, missing)))
      return 'it builds on a step that could not be rehearsed'
    if (this.unknown !== undefined) return this.unknown.why
    if (missing.kind !== 'relation') return undefined
    this.runTimeNames ??= namesMadeAtRunTime(this.texts())
    return this.runTimeNames.couldBe(missing.name)
      ? 'scripts put such names together while they run, from the date for instance, so production may have it'
      : undefined
  }
}

/** Is it one of the things that the extension which the step failed for would have brought? */
export function bringsAlong(step: FailedStep, missing: MissingObject): boolean {
  const extension = missingExtension(step.message)
  if (extension === undefined) return false
  const { names } = knownExtension(extension) ?? {}
  const candidates = [missing.name, missing.schema ?? '', ...missing.signature].map((name) =>
    name.toLowerCase(),
  )
  if (candidates.includes(extension.toLowerCase())) return true
  if (names !== undefined) return candidates.some((name) => names.test(name))
  return extensionKinds.has(missing.kind)
}

/** What extensions usually bring; tables and columns are the migrations' own. */
const extensionKinds: ReadonlySet<string> = new Set([
  'type',
  'function',
  'procedure',
  'aggregate',
  'operator',
  'operator class',
  'operator family',
  'access method',
  'schema',
  'text search configuration',
  'text search dictionary',
  'text search parser',
  'foreign-data wrapper',
  'configuration parameter',
  'language',
])
