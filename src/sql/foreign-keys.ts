import type { ColumnDef, Constraint, RangeVar } from '@pgsql/types'
import type { StatementSettings, Statement } from '../core/model.ts'
import { as, words } from './ast.ts'
import { defaultObjectName } from './names.ts'
import { quoteIdent } from './quote.ts'
import { step, stepWithLockTimeout, type RemedyStep } from './remedies.ts'
import {
  cutColumn,
  elementList,
  endOfName,
  nodeOf,
  tableElements,
  withoutConstraintName,
} from './statement-nodes.ts'

interface ForeignKey {
  readonly name: string
  readonly definition: string
  readonly referenced: RangeVar | undefined
}

/** The tables that a CREATE TABLE references by foreign keys. */
export function referencedTables(statement: Statement): readonly RangeVar[] {
  return cutForeignKeys(statement).keys.flatMap(({ referenced }) => referenced ?? [])
}

/** The CREATE TABLE without foreign keys, then each foreign key as a migration of its own. */
export function foreignKeySteps(statement: Statement, settings: StatementSettings): readonly RemedyStep[] {
  const body = elementList(statement)
  const location = nodeOf(statement, 'CreateStmt')?.relation?.location
  if (body === undefined || location === undefined) return []
  const { sql } = statement
  const { kept, keys } = cutForeignKeys(statement)
  const table = sql.slice(location, endOfName(sql, location))
  const create = sql.slice(0, body.start) + keptText(sql, kept, body) + sql.slice(body.end)
  const adds = keys.map(
    ({ name, definition }) => `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdent(name)} ${definition}`,
  )
  return [step(create), ...adds.map((add) => stepWithLockTimeout(settings, add))]
}

/** What stays, laid out as it was: where lines break, and which comment belongs to which column, is the author's. */
function keptText(
  sql: string,
  kept: readonly KeptElement[],
  body: { readonly start: number; readonly end: number },
): string {
  let text = ''
  for (const { before, content } of kept) text += (text === '' ? before.replace(',', '') : before) + content
  const elementsEnd = sql.slice(0, body.end).trimEnd().length
  const space = sql.slice(elementsEnd, body.end)
  // behind a comment of a line nothing may stand on that line
  return text + (space === '' && text.includes('--') ? '\n' : space)
}

interface KeptElement {
  /** The comma and the space in front of it. */
  readonly before: string
  readonly content: string
}

function cutForeignKeys(statement: Statement): {
  readonly kept: readonly KeptElement[]
  readonly keys: readonly ForeignKey[]
} {
  const table = nodeOf(statement, 'CreateStmt')?.relation?.relname ?? ''
  const kept: KeptElement[] = []
  const keys: ForeignKey[] = []
  let at = elementList(statement)?.start ?? 0
  for (const { node, text, start } of tableElements(statement)) {
    const constraint = as<Constraint>(node, 'Constraint')
    const column = as<ColumnDef>(node, 'ColumnDef')
    const before = statement.sql.slice(at, start)
    at = start + text.length
    if (constraint !== undefined && isForeign(constraint)) {
      keys.push(toKey(table, constraint, words(constraint.fk_attrs), withoutConstraintName(text)))
    } else if (column === undefined) {
      kept.push({ before, content: text })
    } else {
      const cut = cutColumn(text, start, column, isForeign)
      const name = column.colname ?? ''
      kept.push({ before, content: cut.kept })
      for (const inline of cut.removed) {
        const definition = `FOREIGN KEY (${quoteIdent(name)}) ${withoutConstraintName(inline.text)}`
        keys.push(toKey(table, inline.constraint, [name], definition))
      }
    }
  }
  return { kept, keys }
}

function isForeign({ contype }: Constraint): boolean {
  return contype === 'CONSTR_FOREIGN'
}

function toKey(
  table: string,
  { conname, pktable }: Constraint,
  columns: readonly string[],
  definition: string,
): ForeignKey {
  return {
    name: conname ?? defaultObjectName(table, columns.join('_'), 'fkey'),
    definition,
    referenced: pktable,
  }
}
