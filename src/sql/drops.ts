import type { List } from '@pgsql/types'
import type { ObjectName, Statement } from '../core/model.ts'
import { as, words } from './ast.ts'
import { quoteIdent, quoteName } from './quote.ts'
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

const commands: Readonly<Record<string, string>> = {
  table: 'DROP TABLE',
  'foreign table': 'DROP FOREIGN TABLE',
  view: 'DROP VIEW',
  'materialized view': 'DROP MATERIALIZED VIEW',
  sequence: 'DROP SEQUENCE',
  index: 'DROP INDEX',
  type: 'DROP TYPE',
  domain: 'DROP DOMAIN',
  schema: 'DROP SCHEMA',
}

/** The statement that drops the object by name; undefined for kinds whose name alone does not do it (functions). */
export function dropSql(object: ObjectName): string | undefined {
  const { kind, name, table } = object
  if (table === undefined) {
    const command = commands[kind]
    return command === undefined ? undefined : `${command} ${quoteName(object)}`
  }
  const [schema, relation] = splitKey(table)
  const owner = quoteName({ schema, name: relation })
  if (kind === 'table constraint') return `ALTER TABLE ${owner} DROP CONSTRAINT ${quoteIdent(name)}`
  if (kind === 'trigger' || kind === 'policy' || kind === 'rule') {
    return `DROP ${kind.toUpperCase()} ${quoteIdent(name)} ON ${owner}`
  }
  return undefined
}

/** `schema.name` apart; a schema with a dot in its name is rarer than a table with one. */
function splitKey(key: string): readonly [string, string] {
  const dot = key.indexOf('.')
  return [key.slice(0, dot), key.slice(dot + 1)]
}

/** The statement with its final CASCADE taken away. */
export function withoutCascade({ sql }: Statement): string | undefined {
  const last = tokenize(sql).at(-1)
  return last !== undefined && isWord(last, 'CASCADE') ? sql.slice(0, last.start).trim() : undefined
}
