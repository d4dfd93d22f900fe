import { deparseSync } from 'pgsql-parser'
import type { AstNode, Statement } from '../core/model.ts'
import { quoteIdent, quoteName } from '../sql/quote.ts'

/**
 * Where a statement's success depends on the rows in the table: the read-only query that tells beforehand, to be
 * run in production. undefined when the form is not one we know such a query for.
 */
export function preflightSelect({ tag, node }: Pick<Statement, 'tag' | 'node'>): string | undefined {
  if (node === undefined) return undefined
  if (tag === 'IndexStmt')
    return duplicateQuery(rangeVar(node['relation']), indexColumns(node), whereClause(node))
  if (tag !== 'AlterTableStmt') return undefined
  const table = rangeVar(node['relation'])
  const queries = list(node['cmds']).map((item) => commandQuery(table, child(item, 'AlterTableCmd')))
  return queries.find((query) => query !== undefined)
}

function commandQuery(table: string, command: AstNode): string | undefined {
  const column = quoteIdent(text(command['name']))
  switch (command['subtype']) {
    case 'AT_SetNotNull':
      return `select count(*) as must_be_zero from ${table} where ${column} is null;`
    case 'AT_AlterColumnType': {
      const definition = child(command['def'], 'ColumnDef')
      const using = definition['raw_default'] === undefined ? column : deparse(definition['raw_default'])
      const type = deparse({ TypeName: definition['typeName'] })
      return `select count((${using})::${type}) as must_not_fail from ${table};`
    }
    case 'AT_AddConstraint':
      return constraintQuery(table, child(command['def'], 'Constraint'))
    default:
      return undefined
  }
}

function constraintQuery(table: string, constraint: AstNode): string | undefined {
  switch (constraint['contype']) {
    case 'CONSTR_CHECK':
      return `select count(*) as must_be_zero from ${table} where not (${deparse(constraint['raw_expr'])});`
    case 'CONSTR_NOTNULL': {
      const [column = ''] = strings(constraint['keys'])
      return `select count(*) as must_be_zero from ${table} where ${quoteIdent(column)} is null;`
    }
    case 'CONSTR_UNIQUE':
    case 'CONSTR_PRIMARY':
      return duplicateQuery(table, strings(constraint['keys']).map(quoteIdent), undefined)
    case 'CONSTR_FOREIGN':
      return orphanQuery(table, constraint)
    default:
      return undefined
  }
}

function duplicateQuery(
  table: string,
  columns: readonly string[] | undefined,
  where: string | undefined,
): string | undefined {
  if (columns === undefined || columns.length === 0) return undefined
  const names = columns.join(', ')
  const condition = [
    ...columns.map((column) => `${column} is not null`),
    ...(where === undefined ? [] : [where]),
  ]
  return `select ${names}, count(*) from ${table} where ${condition.join(' and ')} group by ${names} having count(*) > 1;`
}

function orphanQuery(table: string, constraint: AstNode): string | undefined {
  const from = strings(constraint['fk_attrs']).map(quoteIdent)
  const to = strings(constraint['pk_attrs']).map(quoteIdent)
  // without a column list the key is the parent's primary key, whose name the statement does not tell
  if (from.length === 0 || from.length !== to.length) return undefined
  const match = from.map((column, at) => `p.${to[at] ?? ''} = c.${column}`).join(' and ')
  const present = from.map((column) => `c.${column} is not null`).join(' and ')
  const parent = rangeVar(constraint['pktable'])
  return `select count(*) as must_be_zero from ${table} c where ${present} and not exists (select from ${parent} p where ${match});`
}

function indexColumns(node: AstNode): readonly string[] | undefined {
  if (node['unique'] !== true) return undefined
  return list(node['indexParams']).map((item) => {
    const element = child(item, 'IndexElem')
    return element['name'] === undefined ? `(${deparse(element['expr'])})` : quoteIdent(text(element['name']))
  })
}

function whereClause(node: AstNode): string | undefined {
  return node['whereClause'] === undefined ? undefined : `(${deparse(node['whereClause'])})`
}

function rangeVar(value: unknown): string {
  const relation = (value ?? {}) as AstNode
  return quoteName({ schema: text(relation['schemaname']), name: text(relation['relname']) })
}

function deparse(value: unknown): string {
  return deparseSync(value as Parameters<typeof deparseSync>[0])
}

function child(value: unknown, tag: string): AstNode {
  return ((value as AstNode | undefined)?.[tag] ?? {}) as AstNode
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function strings(value: unknown): readonly string[] {
  return list(value).map((item) => text(child(item, 'String')['sval']))
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
