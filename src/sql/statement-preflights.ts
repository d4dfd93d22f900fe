/** What to ask production before statements that fail on some rows, from their text and the schema before them. */
import type { Constraint, IndexElem, List, Node, RangeVar } from '@pgsql/types'
import type { CatalogTable, Preflight, Relation, SchemaCatalogs, Statement } from '../core/model.ts'
import { tableBefore } from './added-names.ts'
import type { AddedConstraint } from './added-constraints.ts'
import { allOf, as, columnPath, walk, words } from './ast.ts'
import { boundCondition, boundsText, parenthesised, type ToProve } from './partitions.ts'
import {
  anyRow,
  duplicates,
  misplaced,
  nulls,
  orphans,
  overlaps,
  violations,
  type AskedTable,
} from './preflights.ts'
import { quoteIdent, quoteName } from './quote.ts'
import { alterActions, nodeOf } from './statement-nodes.ts'
import { isWord, splitAtCommas, tokenize } from './tokens.ts'
import type { UniqueConstraint } from './unique-constraints.ts'

/** Undefined where the table is not there before the deployment, under this name and with these columns. */
function asked(
  table: Pick<Relation, 'schema' | 'name' | 'kind'>,
  schema: SchemaCatalogs | undefined,
  columns: readonly string[],
): AskedTable | undefined {
  const about = { name: table, isPartitioned: table.kind === 'partitioned table' }
  if (schema === undefined) return about
  const known = tableBefore(schema, table)
  const has = (name: string): boolean => known?.columns.some((column) => column.name === name) === true
  return known === undefined || !columns.every(has) ? undefined : { ...about, known }
}

function columnsIn(expression: Node | undefined): readonly string[] {
  const found = new Set<string>()
  walk(expression, (tag, part) => {
    const name = tag === 'ColumnRef' ? columnPath(part as { fields?: Node[] }).at(-1) : undefined
    if (name !== undefined) found.add(name)
  })
  return [...found]
}

/** Duplicates, for UNIQUE constraints and primary keys that build their index. */
export function uniquePreflights(
  constraints: readonly UniqueConstraint[],
  table: Relation,
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  return constraints.flatMap(({ columns, node }) => {
    const about = asked(table, schema, columns)
    if (about === undefined || columns.length === 0 || node.without_overlaps === true) return []
    return [duplicates(about, columns.map(quoteIdent), { nullsAreEqual: node.nulls_not_distinct === true })]
  })
}

/** NULLs in columns that are to be NOT NULL and are not yet. */
export function notNullPreflights(
  columns: readonly string[],
  table: Relation,
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  const about = asked(table, schema, columns)
  const nullable = columns.filter(
    (column) => about?.known?.columns.some(({ name, notNull }) => name === column && notNull) !== true,
  )
  return about === undefined || nullable.length === 0 ? [] : [nulls(about, nullable)]
}

/** Duplicates, for CREATE UNIQUE INDEX. */
export function uniqueIndexPreflights(
  statement: Statement,
  table: Relation,
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  const node = nodeOf(statement, 'IndexStmt')
  if (node?.unique !== true) return []
  const elements = allOf<IndexElem>(node.indexParams, 'IndexElem')
  const used = [
    ...elements.flatMap(({ name, expr }) => name ?? columnsIn(expr)),
    ...columnsIn(node.whereClause),
  ]
  const about = asked(table, schema, used)
  const [list] = parenthesised(statement.sql.slice(node.relation?.location ?? 0))
  const keys = keyTexts(elements, list ?? '')
  if (about === undefined || keys === undefined) return []
  const predicate = node.whereClause === undefined ? undefined : behind(statement.sql, 'WHERE')
  const nullsAreEqual = node.nulls_not_distinct === true
  return [duplicates(about, keys, { nullsAreEqual, ...(predicate === undefined ? {} : { predicate }) })]
}

/** Columns and expressions of an index, without operator classes and order. */
function keyTexts(elements: readonly IndexElem[], list: string): readonly string[] | undefined {
  const pieces = splitAtCommas(list)
  if (pieces.length !== elements.length) return undefined
  return elements.map(({ name }, index) =>
    name === undefined ? firstExpression(pieces[index] ?? '') : quoteIdent(name),
  )
}

/** `lower(email)` of `lower(email) text_pattern_ops DESC`: up to where the first parentheses close. */
function firstExpression(text: string): string {
  let depth = 0
  for (const token of tokenize(text)) {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (token.text === ')' && depth === 0) return text.slice(0, token.end).trim()
  }
  return text
}

/** What stands behind the last such word outside of parentheses. */
function behind(sql: string, word: string): string | undefined {
  let depth = 0
  let from: number | undefined
  for (const token of tokenize(sql)) {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (depth === 0 && isWord(token, word)) from = token.end
  }
  return from === undefined ? undefined : sql.slice(from).trim()
}

/** Orphans of foreign keys, and rows that violate CHECKs. */
export function constraintPreflights(
  constraints: readonly AddedConstraint[],
  table: Relation,
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  return constraints.flatMap((constraint) =>
    constraint.kind === 'check'
      ? checkPreflights(constraint, table, schema)
      : foreignKeyPreflights(constraint, table, schema),
  )
}

function checkPreflights(
  { name, node, columns, definition }: AddedConstraint,
  table: Relation,
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  const about = asked(table, schema, columnsIn(node.raw_expr))
  const [condition] = parenthesised(definition)
  if (about === undefined || condition === undefined) return []
  return [violations(about, condition, { columns, what: name ?? 'the check' })]
}

function foreignKeyPreflights(
  { node, columns, referenced }: AddedConstraint,
  table: Relation,
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  const about = asked(table, schema, columns)
  const parent = referenced === undefined ? undefined : tableNamed(referenced, table, schema)
  const written = words(node.pk_attrs)
  const primary = parent?.constraints.find(({ kind }) => kind === 'primary key')?.columns ?? []
  const referencedColumns = written.length > 0 ? written : primary
  // its rows are not there yet
  if (about === undefined || referenced === undefined || (schema !== undefined && parent === undefined))
    return []
  if (referencedColumns.length !== columns.length || node.fk_with_period === true) return []
  const name = quoteName({
    schema: parent?.schema ?? referenced.schemaname ?? '',
    name: referenced.relname ?? '',
  })
  return [orphans(about, { columns, referenced: name, referencedColumns, isFull: node.fk_matchtype === 'f' })]
}

/** The table that a foreign key names; where no schema is written, the one of its own table comes first. */
function tableNamed(
  { schemaname, relname }: RangeVar,
  table: Relation,
  schema: SchemaCatalogs | undefined,
): CatalogTable | undefined {
  const named = (schema?.before.tables ?? []).filter(
    (one) => one.name === relname && (schemaname === undefined || one.schema === schemaname),
  )
  return named.find((one) => one.schema === table.schema) ?? (named.length === 1 ? named[0] : undefined)
}

/** Rows whose values a domain would no longer take, of every table that has it. */
export function domainPreflights(
  statement: Statement,
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  const node = nodeOf(statement, 'AlterDomainStmt')
  const [name = '', owner] = words(node?.typeName).toReversed()
  const check = as<Constraint>(node?.def, 'Constraint')
  const start = tokenize(statement.sql).find((token) => isWord(token, 'CHECK'))?.start
  const [condition] = start === undefined ? [] : parenthesised(statement.sql.slice(start))
  const types = owner === undefined ? [name, `public.${name}`] : [name, `${owner}.${name}`]
  return (schema?.before.tables ?? []).flatMap((table) => {
    const columns = table.columns.filter(({ type }) => types.includes(type.replaceAll('"', '')))
    const about = { name: table, isPartitioned: table.kind === 'partitioned table', known: table }
    if (!table.kind.endsWith('table') || table.partitionOf !== undefined) return []
    return columns.flatMap((column) => {
      if (node?.subtype === 'AD_SetNotNull' || node?.subtype === 'O') return [nulls(about, [column.name])]
      if (check?.contype !== 'CONSTR_CHECK' || condition === undefined) return []
      const own = withValue(condition, quoteIdent(column.name))
      return [violations(about, own, { columns: [column.name], what: check.conname ?? 'the check' })]
    })
  })
}

/** The condition of a domain about a column. */
function withValue(condition: string, column: string): string {
  let text = ''
  let at = 0
  for (const token of tokenize(condition)) {
    if (!isWord(token, 'VALUE')) continue
    text += condition.slice(at, token.start) + column
    at = token.end
  }
  return text + condition.slice(at)
}

/** Rows that exclude each other. */
export function exclusionPreflights(
  statement: Statement,
  table: Relation,
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  return alterActions(statement).flatMap(({ command, text }) => {
    const node = as<Constraint>(command.def, 'Constraint')
    if (node?.contype !== 'CONSTR_EXCLUSION') return []
    const elements = (node.exclusions ?? []).map((pair) =>
      as<IndexElem>(as<List>(pair, 'List')?.items?.[0], 'IndexElem'),
    )
    const used = elements.flatMap((element) => element?.name ?? columnsIn(element?.expr))
    const about = asked(table, schema, [...used, ...columnsIn(node.where_clause)])
    const groups = parenthesised(text)
    const pieces = splitAtCommas(groups[0] ?? '')
    if (about === undefined || pieces.length !== elements.length) return []
    const pairs = pieces.map((piece, index) => ({
      value: elements[index]?.name === undefined ? firstExpression(piece) : quoteIdent(elements[index].name),
      operator: behind(piece, 'WITH') ?? '=',
    }))
    const [predicate] = node.where_clause === undefined ? [] : parenthesised(behind(text, 'WHERE') ?? '')
    return [overlaps(about, pairs, predicate)]
  })
}

/** Rows that lie outside of a partition's bounds, or in the default partition although they belong to the new one. */
export function partitionPreflights(
  statement: Statement,
  key: Relation['partitionKey'],
  tables: readonly ToProve[],
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  const bounds = boundsText(statement)
  const condition = bounds === undefined || key === undefined ? undefined : boundCondition(bounds, key)
  if (condition === undefined || key === undefined) return []
  return tables.flatMap(({ table, rows }) => {
    const about = asked(table, schema, [key.column])
    return about === undefined ? [] : [misplaced(about, key.column, condition, rows)]
  })
}

/** Whether there is a row at all that a required column without a default would leave empty. */
export function emptinessPreflight(
  table: { readonly schema: string; readonly name: string },
  schema: SchemaCatalogs | undefined,
): readonly Preflight[] {
  const known = tableBefore(schema, table)
  const about = asked({ ...table, kind: known?.kind ?? 'table' }, schema, [])
  return about === undefined
    ? []
    : [anyRow(about, 'the migration fails: the rows there have nothing to put into it.')]
}
