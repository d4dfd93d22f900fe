/** What a column has lost that was made anew, or got another type. */
import type { SchemaObject } from '../replay/fingerprint.ts'
import { quoteIdent, quoteLiteral } from '../sql/quote.ts'
import type { SilentCause, SilentContext, SilentFact } from './model.ts'
import { lastPart, plainName, shownName, withoutLast } from './names.ts'
import { sayingOf } from './words.ts'

/** Types of fixed length are not stored elsewhere, nor compressed. */
const fixedLength =
  /^(?:smallint|integer|bigint|boolean|date|uuid|real|double precision|money|oid|interval|time|timestamp|"char"|macaddr)/

const collatable = /char|text|name/

/** Facts of a column besides its rights and comment. */
export function changedColumn(
  before: SchemaObject,
  after: SchemaObject,
  fact: string,
  context: SilentContext,
): readonly SilentFact[] {
  const { tables, said } = context
  const table = plainName(after.identity)
  const [name, tableName] = [lastPart(after.identity), lastPart(withoutLast(after.identity))]
  const says = (saying: Parameters<typeof sayingOf>[1]): boolean =>
    sayingOf(said, saying, name, tableName).length > 0
  const pair = tables.of(table)
  const isNew = tables.isNewColumn(table, name)
  const isChanged = !isNew && pair?.isMadeAnew !== true && says('type')
  if (pair === undefined || !(isNew || isChanged || pair.isMadeAnew)) return []
  const cause: SilentCause = isChanged ? 'type' : 'made anew'
  const subject = pair.isMadeAnew
    ? { kind: pair.after.kind, identity: withoutLast(after.identity), cause }
    : { kind: 'column', identity: after.identity, cause }
  const was = before.facts[fact]
  const is = after.facts[fact]
  if (was === undefined || is !== undefined) return []
  const type = String(after.facts['type'])
  const alter = `ALTER TABLE ${withoutLast(after.identity)} ALTER COLUMN ${quoteIdent(name)}`
  const shown = shownName(after.identity)
  const make = (
    severity: SilentFact['severity'],
    consequence: string,
    restore?: string,
  ): readonly SilentFact[] => [
    {
      subject,
      kind: 'column',
      identity: after.identity,
      severity,
      consequence,
      line: `~ column ${after.identity}: ${fact} ${String(was)} -> none`,
      ...(restore === undefined ? {} : { restore: { sql: `${alter} ${restore}` } }),
    },
  ]
  if (attributes.has(fact) && says('column attributes')) return []
  switch (fact) {
    case 'statistics target':
      return make(
        'info',
        `ANALYZE takes the default statistics target for ${shown}, no longer ${String(was)}`,
        `SET STATISTICS ${String(was)}`,
      )
    case 'storage':
    case 'compression':
      if (fixedLength.test(type)) return []
      return make(
        'warning',
        `new values of ${shown} get the default ${fact}, no longer ${String(was)}`,
        `SET ${fact.toUpperCase()} ${String(was)}`,
      )
    case 'options':
      return make('warning', `${shown} is without ${listText(was)}`, `SET (${optionsSql(was)})`)
    case 'collation':
      if (cause !== 'type' || says('collation') || !collatable.test(type)) return []
      return make(
        'warning',
        `${shown} is compared and sorted by the default collation, no longer ${String(was).replace('collate ', '')}`,
      )
    case 'not null':
      if (!isNew || !isRenamed(context, tableName, name) || says('not null')) return []
      return make('warning', `rows without a value come in from now on in ${shown}`)
    case 'default':
      if (!isNew || !isRenamed(context, tableName, name) || says('default')) return []
      if (after.facts['identity column'] !== undefined || after.facts['generated'] !== undefined) return []
      return make(
        'warning',
        `${shown} is without its default`,
        `SET DEFAULT ${String(was).replace(/^default /, '')}`,
      )
    default:
      return []
  }
}

const attributes: ReadonlySet<string> = new Set(['statistics target', 'storage', 'compression', 'options'])

/** Another column has got the name: ADD COLUMN would have said what it is to be. */
function isRenamed({ said }: SilentContext, table: string, name: string): boolean {
  return sayingOf(said, 'new name', table, name).length > 0
}

function listText(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value ?? []).join(', ')
}

/** `n_distinct=-0.5`, `autovacuum_enabled=false`. */
export function optionsSql(value: string | readonly string[] | undefined, prefix = ''): string {
  const list = typeof value === 'string' ? [value] : (value ?? [])
  return list
    .map((option) => {
      const at = option.indexOf('=')
      return `${prefix}${quoteIdent(option.slice(0, at))} = ${quoteLiteral(option.slice(at + 1))}`
    })
    .join(', ')
}
