import type { SchemaChange, SchemaDifference, SchemaObject } from './fingerprint.ts'

/**
 * A difference for people, one line per object added (`+`) or removed (`-`) and per fact changed (`~`):
 *
 *     + column public.orders.total numeric(10,2) not null
 *     - index public.orders_user_id_idx on public.orders
 *     ~ table public.users: row security enabled -> disabled
 *
 * Names and expressions come from the migrations: the lines are plain text without control characters, still to
 * be escaped for markdown or HTML.
 */
export function schemaDifferenceLines(difference: SchemaDifference): readonly string[] {
  return difference.changes.flatMap(changeLines).map(printable)
}

function changeLines(change: SchemaChange): readonly string[] {
  if (change.type === 'added') return [`+ ${described(change.object)}`]
  if (change.type === 'removed') return [`- ${described(change.object)}`]
  const { before, after, facts } = change
  return facts.map(
    (fact) =>
      `~ ${after.kind} ${after.identity}: ${fact} ${factChange(before.facts[fact], after.facts[fact])}`,
  )
}

/** Facts worth a place behind the name, by kind; everything else is in the object's data. */
const shownFacts: Readonly<Record<string, readonly string[]>> = {
  column: ['type', 'collation', 'not null', 'default', 'identity column', 'generated'],
  constraint: ['definition', 'deferrable', 'enforced', 'validated'],
  'domain constraint': ['definition', 'validated'],
  domain: ['type', 'collation', 'not null', 'default'],
  'default privileges': ['grants'],
  enum: ['labels'],
  extension: ['version'],
  function: ['returns'],
  index: ['table', 'valid'],
  publication: ['scope', 'members'],
}

/** What goes without saying. */
const usual: Readonly<Record<string, string>> = {
  deferrable: 'not deferrable',
  enforced: 'enforced',
  validated: 'validated',
  valid: 'valid',
}

function described({ kind, identity, facts }: SchemaObject): string {
  const shown = (shownFacts[kind] ?? [])
    .map((name) => (facts[name] === usual[name] ? undefined : facts[name]))
    .filter((value) => value !== undefined)
    .map((value) => shortened(typeof value === 'string' ? value : value.join(', ')))
  return [kind, identity, ...shown].join(' ')
}

type Fact = string | readonly string[] | undefined

function factChange(before: Fact, after: Fact): string {
  if (Array.isArray(before) || Array.isArray(after)) return listChange(items(before), items(after))
  const [old, current] = [String(before ?? 'none'), String(after ?? 'none')]
  if (!old.includes('\n') && !current.includes('\n')) return `${shortened(old)} -> ${shortened(current)}`
  return firstDifferingLine(old.split('\n'), current.split('\n'))
}

function items(fact: Fact): readonly string[] {
  if (fact === undefined) return []
  return typeof fact === 'string' ? [fact] : fact
}

/** What was taken out and what was put in; both lists when only the order changed or a label was inserted. */
function listChange(before: readonly string[], after: readonly string[]): string {
  const removed = before.filter((item) => !after.includes(item)).map((item) => `- ${shortened(item)}`)
  const added = after.filter((item) => !before.includes(item)).map((item) => `+ ${shortened(item)}`)
  if (removed.length + added.length > 0) return [...removed, ...added].join(', ')
  return `${before.join(', ')} -> ${after.join(', ')}`
}

function firstDifferingLine(before: readonly string[], after: readonly string[]): string {
  const at = Math.max(
    0,
    before.findIndex((line, index) => line !== after[index]),
  )
  const line = (text: string | undefined): string => (text === undefined ? '(end)' : shortened(text.trim()))
  const index = before[at] === after[at] ? before.length : at
  return `line ${index + 1}: ${line(before[index])} -> ${line(after[index])}`
}

const longestValue = 160

function shortened(text: string): string {
  return text.length <= longestValue ? text : `${text.slice(0, longestValue - 1)}…`
}

/** One line stays one line, whatever a quoted identifier holds. */
function printable(line: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
}
