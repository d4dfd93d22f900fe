import type { List } from '@pgsql/types'
import type { ObjectName, StatementSettings, Statement } from '../core/model.ts'
import { as, words } from './ast.ts'
import { quoteIdent, quoteName } from './quote.ts'
import { stepWithLockTimeout, type RemedyStep } from './remedies.ts'
import { nodeOf } from './statement-nodes.ts'
import { isWord, tokenize } from './tokens.ts'

/** The objects that a DROP TABLE, DROP INDEX and the like names, with the schema where it gives one. */
export function droppedNames(
  statement: Statement,
): readonly { readonly relname: string; readonly schemaname?: string }[] {
  return (nodeOf(statement, 'DropStmt')?.objects ?? []).map((object) => {
    const names = words(as<List>(object, 'List')?.items)
    const schemaname = names.at(-2)
    return { relname: names.at(-1) ?? '', ...(schemaname === undefined ? {} : { schemaname }) }
  })
}

/** Kinds that go in one statement together, so that their order among themselves does not matter; views of views. */
const together: Readonly<Record<string, string>> = {
  'materialized view': 'DROP MATERIALIZED VIEW',
  view: 'DROP VIEW',
  'foreign table': 'DROP FOREIGN TABLE',
  table: 'DROP TABLE',
  sequence: 'DROP SEQUENCE',
  domain: 'DROP DOMAIN',
  type: 'DROP TYPE',
}

/**
 * A DROP … CASCADE as drops by name: each constraint of another table in a migration of its own, the rest together
 * with the statement. Empty where a name alone does not say what to drop (functions), or the code is not ours to edit.
 */
export function explicitDropSteps(
  statement: Statement,
  settings: StatementSettings,
  cascaded: readonly ObjectName[],
): readonly RemedyStep[] {
  const plain = withoutCascade(statement)
  const parts = cascaded.filter(({ table }) => table !== undefined)
  const wholes = cascaded.filter(({ table }) => table === undefined)
  const partDrops = parts.flatMap((object) => dropPartSql(object) ?? [])
  if (plain === undefined || partDrops.length < parts.length) return []
  if (wholes.some(({ kind }) => together[kind] === undefined)) return []
  const wholeDrops = Object.entries(together).flatMap(([kind, command]) => {
    const names = wholes.filter((object) => object.kind === kind).map(quoteName)
    return names.length === 0 ? [] : [`${command} ${names.join(', ')}`]
  })
  return [
    ...partDrops.map((sql) => stepWithLockTimeout(settings, sql)),
    stepWithLockTimeout(settings, ...wholeDrops, plain),
  ]
}

function dropPartSql({ kind, name, table = '' }: ObjectName): string | undefined {
  // a schema with a dot in its name is rarer than a table with one
  const dot = table.indexOf('.')
  const owner = quoteName({ schema: table.slice(0, dot), name: table.slice(dot + 1) })
  if (kind === 'table constraint') return `ALTER TABLE ${owner} DROP CONSTRAINT ${quoteIdent(name)}`
  if (kind === 'trigger' || kind === 'policy' || kind === 'rule') {
    return `DROP ${kind.toUpperCase()} ${quoteIdent(name)} ON ${owner}`
  }
  return undefined
}

/** The statement with its final CASCADE taken away. */
function withoutCascade({ sql }: Statement): string | undefined {
  const last = tokenize(sql).at(-1)
  return last !== undefined && isWord(last, 'CASCADE') ? sql.slice(0, last.start).trim() : undefined
}
