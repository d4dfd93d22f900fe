/** Questions to production about rows on which a change fails: one read-only SELECT each. */
import { displayName } from '../core/locks.ts'
import type { CatalogTable, Preflight } from '../core/model.ts'
import { quoteIdent, quoteName } from './quote.ts'

/** A table to be asked about, under the name that it has before the deployment. */
export interface AskedTable {
  readonly name: { readonly schema: string; readonly name: string }
  readonly isPartitioned: boolean
  /** As it is before the deployment; absent: not known. */
  readonly known?: CatalogTable
}

const limit = 100

/** Values that are there more than once: `keys` are columns or expressions, as SQL. */
export function duplicates(
  table: AskedTable,
  keys: readonly string[],
  { predicate, nullsAreEqual = false }: { readonly predicate?: string; readonly nullsAreEqual?: boolean },
): Preflight {
  const conditions = [
    ...(predicate === undefined ? [] : [grouped(predicate)]),
    // NULL equals nothing
    ...(nullsAreEqual ? [] : keys.map((key) => `${key} IS NOT NULL`)),
  ]
  return {
    question: `Are there duplicates of ${keys.join(', ')} in ${displayName(table.name)}?`,
    sql: [
      `SELECT ${keys.join(', ')}, count(*) FROM ${quoteName(table.name)}`,
      ...(conditions.length === 0 ? [] : [`WHERE ${conditions.join(' AND ')}`]),
      `GROUP BY ${keys.map((_, index) => index + 1).join(', ')} HAVING count(*) > 1 LIMIT ${limit}`,
    ].join('\n'),
    speed: 'slow',
    reading:
      'No row: go ahead. Else merge or change the rows with these values first: the index cannot be built.',
  }
}

/** Rows without a value in one of the columns. */
export function nulls(table: AskedTable, columns: readonly string[]): Preflight {
  const names = columns.map(quoteIdent)
  return {
    question: `Is ${columns.join(' or ')} NULL in a row of ${displayName(table.name)}?`,
    sql: select(table, names, names.map((name) => `${name} IS NULL`).join(' OR ')),
    speed: columns.every((column) => isIndexed(table, column)) ? 'fast' : 'slow',
    reading: 'No row: go ahead. Else give the rows listed a value first: NOT NULL fails on them.',
  }
}

export interface ForeignKeyColumns {
  readonly columns: readonly string[]
  /** As SQL. */
  readonly referenced: string
  readonly referencedColumns: readonly string[]
  /** MATCH FULL: some columns NULL and others not is a violation too. */
  readonly isFull: boolean
}

/** Rows whose foreign key leads nowhere. */
export function orphans(table: AskedTable, key: ForeignKeyColumns): Preflight {
  const own = key.columns.map((column) => `child.${quoteIdent(column)}`)
  const pairs = own.map(
    (column, index) => `parent.${quoteIdent(key.referencedColumns[index] ?? '')} = ${column}`,
  )
  const lookup = `NOT EXISTS (SELECT FROM ${key.referenced} AS parent WHERE ${pairs.join(' AND ')})`
  const whole = `${own.map((column) => `${column} IS NOT NULL`).join(' AND ')} AND ${lookup}`
  const count = `num_nulls(${own.join(', ')})`
  const partly = key.isFull && own.length > 1 ? `${count} BETWEEN 1 AND ${own.length - 1} OR ${whole}` : whole
  return {
    question: `Does ${key.columns.join(', ')} of ${displayName(table.name)} name rows that ${key.referenced} does not have?`,
    sql: select(table, key.columns.map(quoteIdent), partly, 'child'),
    speed: 'slow',
    reading:
      'No row: go ahead. Else add the rows that are missing, or change those listed: the foreign key fails on them.',
  }
}

/** Rows for which a condition is false; NULL passes a CHECK. */
export function violations(
  table: AskedTable,
  condition: string,
  { columns = [], what }: { readonly columns?: readonly string[]; readonly what: string },
): Preflight {
  return {
    question: `Which rows of ${displayName(table.name)} violate ${what}?`,
    sql: select(table, columns.map(quoteIdent), `NOT ${grouped(condition, true)}`),
    speed: 'slow',
    reading: 'No row: go ahead. Else mend the rows listed first: the constraint fails on them.',
  }
}

/** Pairs of rows that an exclusion constraint does not allow. */
export function overlaps(
  table: AskedTable,
  elements: readonly { readonly value: string; readonly operator: string }[],
  predicate: string | undefined,
): Preflight {
  const row = table.isPartitioned ? 'tableoid::regclass AS part, ctid AS place' : 'ctid AS place'
  const values = elements.map(({ value }, index) => `${value} AS value_${index + 1}`)
  const where = predicate === undefined ? '' : ` WHERE ${predicate}`
  const rows = `(SELECT ${[row, ...values].join(', ')} FROM ${quoteName(table.name)}${where})`
  const order = table.isPartitioned ? '(a.part::oid, a.place) < (b.part::oid, b.place)' : 'a.place < b.place'
  const meet = elements.map(({ operator }, index) => `a.value_${index + 1} ${operator} b.value_${index + 1}`)
  return {
    question: `Which rows of ${displayName(table.name)} exclude each other?`,
    sql: `SELECT a.*, b.*\nFROM ${rows} AS a\nJOIN ${rows} AS b ON ${[order, ...meet].join(' AND ')}\nLIMIT ${limit}`,
    speed: 'slow',
    reading: 'No row: go ahead. Else decide which of each pair gives way: the constraint fails on them.',
  }
}

/** Rows that a change of partitions does not leave where they are. */
export function misplaced(
  table: AskedTable,
  column: string,
  condition: string,
  rows: 'inside' | 'outside',
): Preflight {
  const name = quoteIdent(column)
  const isInside = rows === 'inside'
  return {
    question: isInside
      ? `Which rows of ${displayName(table.name)} are outside of the partition’s bounds?`
      : `Which rows of ${displayName(table.name)} belong into the new partition?`,
    sql: select(table, [name], isInside ? `${name} IS NULL OR NOT (${condition})` : condition),
    speed: !isInside && isIndexed(table, column) ? 'fast' : 'slow',
    reading: `No row: go ahead. Else move the rows listed first: the change fails on them.`,
  }
}

/** Any row at all. */
export function anyRow(table: AskedTable, why: string): Preflight {
  return {
    question: `Does ${displayName(table.name)} hold a row?`,
    sql: `SELECT ${rowNames(table).join(', ')} FROM ${quoteName(table.name)} LIMIT 1`,
    speed: 'fast',
    reading: `No row: go ahead. Else ${why}`,
  }
}

function select(table: AskedTable, columns: readonly string[], condition: string, alias?: string): string {
  const prefix = alias === undefined ? '' : `${alias}.`
  const shown = [...new Set([...rowNames(table), ...columns])].map((column) => prefix + column)
  const from = alias === undefined ? quoteName(table.name) : `${quoteName(table.name)} AS ${alias}`
  return `SELECT ${shown.join(', ')} FROM ${from}\nWHERE ${condition}\nLIMIT ${limit}`
}

/** What tells a row from others: its primary key, or else where it is. */
function rowNames({ known, isPartitioned }: AskedTable): readonly string[] {
  const key = known?.constraints.find(({ kind }) => kind === 'primary key')?.columns
  if (key !== undefined && key.length > 0) return key.map(quoteIdent)
  return isPartitioned ? ['tableoid', 'ctid'] : ['ctid']
}

/** Does an index find the few rows with some value of the column? */
function isIndexed({ known }: AskedTable, column: string): boolean {
  return (known?.indexes ?? []).some(
    ({ method, isValid, predicate, keys }) =>
      method === 'btree' && isValid && predicate === undefined && keys[0]?.column === column,
  )
}

/** In parentheses where AND or NOT would tear it apart; a comment of the user's own ends with its line. */
function grouped(condition: string, always = false): string {
  if (condition.includes('--')) return `(\n${condition}\n)`
  return always || /\bor\b/i.test(condition) ? `(${condition})` : condition
}
