import {
  diffSchema,
  type SchemaChange,
  type SchemaDifference,
  type SchemaSnapshot,
} from '../replay/fingerprint.ts'

/** The schema around one migration and its way down. */
export interface SchemasAround {
  readonly beforeUp: SchemaSnapshot
  readonly afterUp: SchemaSnapshot
  /** Other migrations have been taken back since, and may have left something. */
  readonly beforeDown: SchemaSnapshot
  readonly afterDown: SchemaSnapshot
}

/** How the schema differs from the one before the migration, through no fault of another way down. */
export interface DownDifferences {
  /** What the way down should have undone, or took too much. */
  readonly wrong: SchemaDifference
  /** What nobody can undo, or leaves on purpose. */
  readonly accepted: SchemaDifference
}

/** What the way down itself leaves: without what stood wrong before it ran. */
export function downDifferences({
  beforeUp,
  afterUp,
  beforeDown,
  afterDown,
}: SchemasAround): DownDifferences {
  const inherited = new Set(diffSchema(afterUp, beforeDown).changes.flatMap(factKeys))
  const own = diffSchema(beforeUp, afterDown).changes.flatMap((change) => without(change, inherited))
  const wrong = own.flatMap((change) => onlyFacts(change, (fact) => !isAcceptable(change, fact)))
  const accepted = own.flatMap((change) => onlyFacts(change, (fact) => isAcceptable(change, fact)))
  return { wrong: differenceOf(wrong), accepted: differenceOf(accepted) }
}

function differenceOf(changes: readonly SchemaChange[]): SchemaDifference {
  return { equal: changes.length === 0, changes }
}

function objectOf(change: SchemaChange): { readonly kind: string; readonly identity: string } {
  return change.type === 'changed' ? change.after : change.object
}

function factKeys(change: SchemaChange): readonly string[] {
  const { kind, identity } = objectOf(change)
  if (change.type !== 'changed') return [`${change.type} ${kind} ${identity}`]
  return change.facts.map((fact) => `${kind} ${identity}\0${fact}`)
}

function without(change: SchemaChange, inherited: ReadonlySet<string>): readonly SchemaChange[] {
  if (change.type !== 'changed') return factKeys(change).some((key) => inherited.has(key)) ? [] : [change]
  const { kind, identity } = change.after
  return onlyFacts(change, (fact) => !inherited.has(`${kind} ${identity}\0${fact}`))
}

/** Of a changed object these facts; other changes have none, and are kept or left as a whole. */
function onlyFacts(change: SchemaChange, keeps: (fact: string) => boolean): readonly SchemaChange[] {
  if (change.type !== 'changed') return keeps('') ? [change] : []
  const facts = change.facts.filter(keeps)
  return facts.length === 0 ? [] : [{ ...change, facts }]
}

/**
 * - An extension or a schema that stays: others may use it by then, which is why the way up says IF NOT EXISTS. Where it
 *   does not, the next way up fails and that is told.
 * - A label of an enum cannot be removed (ALTER TYPE … ADD VALUE), nor a validated constraint be made NOT VALID again.
 * - Comments change nothing of what anybody may do.
 */
function isAcceptable(change: SchemaChange, fact: string): boolean {
  if (change.type === 'added') return change.object.kind === 'extension' || change.object.kind === 'schema'
  if (change.type === 'removed') return false
  const { before, after } = change
  if (fact.endsWith('comment')) return true
  if (fact === 'labels' && after.kind === 'enum') return isExtended(before.facts[fact], after.facts[fact])
  return fact === 'validated' && after.facts[fact] === 'validated'
}

type Fact = string | readonly string[] | undefined

/** Are all labels of `before` among those of `after`, in their order? */
function isExtended(before: Fact, after: Fact): boolean {
  if (!isList(before) || !isList(after)) return false
  return after.filter((label) => before.includes(label)).join('\0') === before.join('\0')
}

function isList(fact: Fact): fact is readonly string[] {
  return typeof fact === 'object'
}
