import type { AstNode } from '../core/model.ts'
import type { StatementKind } from './model.ts'
import {
  areVersionColumns,
  isFilledByTool,
  isVersionSchema,
  isVersionTable,
  mayBeTheApplications,
  type NamedTable,
} from './version-tables.ts'

/** What a statement is to its tool; see {@link StatementKind}. */
export function statementKind(tag: string, node: AstNode | undefined): StatementKind {
  if (tag === 'VariableShowStmt') return 'reading'
  if (node === undefined) return 'work'
  if (tag === 'SelectStmt') return isReading(node) ? 'reading' : 'work'
  if (tag === 'ExplainStmt') return 'work'
  if (tag === 'CreateSchemaStmt' && isVersionSchema(String(node['schemaname']))) return 'bookkeeping'
  const tables = tablesOf(tag, node)
  if (tables.length === 0) return 'work'
  if (tables.every((table) => isBooks(table, tag, node))) return 'bookkeeping'
  return tag === 'InsertStmt' && tables[0] !== undefined && isFilledByTool(tables[0]) ? 'bookkeeping' : 'work'
}

/** An application may have a table that is called like a tool's: a tool's has no columns but these. */
function isBooks(table: NamedTable, tag: string, node: AstNode): boolean {
  if (!isVersionTable(table)) return false
  if (!mayBeTheApplications(table) || tag === 'LockStmt') return true
  const columns = columnNames(tag, node)
  return areVersionColumns(columns) || (columns.length === 0 && table.name.toLowerCase() === 'migrations')
}

/** Of those that it writes, makes or looks for. */
function columnNames(tag: string, node: AstNode): readonly string[] {
  const parts = {
    InsertStmt: ['cols'],
    UpdateStmt: ['targetList', 'whereClause'],
    DeleteStmt: ['whereClause'],
  }
  if (tag in parts) return parts[tag as keyof typeof parts].flatMap((part) => namesIn(node[part]))
  if (tag !== 'CreateStmt') return []
  const elements = (node['tableElts'] ?? []) as readonly {
    readonly ColumnDef?: { readonly colname?: string }
  }[]
  return elements.flatMap(({ ColumnDef }) => ColumnDef?.colname ?? [])
}

function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => {
    if (key === 'ResTarget') return [(child as { readonly name?: string }).name ?? '']
    if (key !== 'ColumnRef') return namesIn(child)
    const { fields = [] } = child as {
      readonly fields?: readonly { readonly String?: { readonly sval?: string } }[]
    }
    return [fields.at(-1)?.String?.sval ?? '']
  })
}

/** Statements that name the table they are about at their top. */
const aboutOneTable: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'CreateStmt',
  'IndexStmt',
  'AlterTableStmt',
  'RenameStmt',
])

function tablesOf(tag: string, node: AstNode): readonly NamedTable[] {
  if (aboutOneTable.has(tag)) return tableOf(node['relation'])
  if (tag === 'TruncateStmt' || tag === 'LockStmt') {
    const relations = (node['relations'] ?? []) as readonly { readonly RangeVar?: unknown }[]
    return relations.flatMap(({ RangeVar }) => tableOf(RangeVar))
  }
  if (tag === 'CommentStmt' || tag === 'DropStmt') return droppedTables(tag, node)
  if (tag === 'CreateTableAsStmt') return tableOf((node['into'] as { rel?: unknown } | undefined)?.rel)
  return []
}

function droppedTables(tag: string, node: AstNode): readonly NamedTable[] {
  const kind = node[tag === 'DropStmt' ? 'removeType' : 'objtype']
  if (kind !== 'OBJECT_TABLE') return []
  const objects = (tag === 'DropStmt' ? node['objects'] : [node['object']]) as readonly {
    readonly List?: { readonly items?: readonly { readonly String?: { readonly sval?: string } }[] }
  }[]
  return objects.flatMap(({ List }) => {
    const parts = (List?.items ?? []).map((item) => item.String?.sval ?? '')
    const name = parts.at(-1)
    return name === undefined ? [] : [{ name, schema: parts.at(-2) }]
  })
}

function tableOf(value: unknown): readonly NamedTable[] {
  if (typeof value !== 'object' || value === null) return []
  const { relname, schemaname } = value as { relname?: unknown; schemaname?: unknown }
  if (typeof relname !== 'string') return []
  return [{ name: relname, schema: typeof schemaname === 'string' ? schemaname : undefined }]
}

/** Does a query look only at catalogues, at the tool's own tables, or at the session? */
function isReading(node: AstNode): boolean {
  if (node['intoClause'] !== undefined) return false
  const seen: Seen = { tables: [], common: new Set(), functions: [], writes: false }
  look(node, seen)
  if (seen.writes || seen.functions.some((name) => lasting.test(name))) return false
  const own = seen.common
  const tables = seen.tables.filter(({ schema, name }) => schema !== undefined || !own.has(name))
  if (tables.length === 0) return seen.functions.every((name) => ofTheSession.test(name))
  return tables.every((table) => isCatalogue(table) || isVersionTable(table) || isFilledByTool(table))
}

interface Seen {
  readonly tables: NamedTable[]
  /** Names that WITH gives, at any depth: asyncpg asks for types in a WITH within a sub-query. */
  readonly common: Set<string>
  readonly functions: string[]
  writes: boolean
}

function look(value: unknown, seen: Seen): void {
  if (Array.isArray(value)) {
    for (const item of value) look(item, seen)
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) {
    if (key === 'InsertStmt' || key === 'UpdateStmt' || key === 'DeleteStmt' || key === 'MergeStmt')
      seen.writes = true
    if (key === 'RangeVar') seen.tables.push(...tableOf(child))
    else if (key === 'FuncCall') seen.functions.push(functionName(child))
    else if (key === 'CommonTableExpr') seen.common.add((child as { ctename?: string }).ctename ?? '')
    look(child, seen)
  }
}

function functionName(call: unknown): string {
  const { funcname } = call as {
    readonly funcname?: readonly { readonly String?: { readonly sval?: string } }[]
  }
  return (funcname?.at(-1)?.String?.sval ?? '').toLowerCase()
}

/** Leave something behind in the session, the database or outside of it. */
const lasting =
  /^(?:set_config|setval|nextval|lo_\w+|dblink\w*|pg_(?:terminate|cancel)_backend|pg_notify|pg_switch_wal|pg_restore_\w+|query_to_\w+|pg_stat_reset\w*)$/

/** Ask the server or the session, or take locks that stand for nothing in the database. */
const ofTheSession =
  /^(?:version|now|current_\w+|session_user|pg_backend_pid|pg_(?:try_)?advisory_\w+|to_reg\w+|has_\w+_privilege|inet_server_\w+|pg_is_in_recovery|txid_current|pg_postmaster_start_time|clock_timestamp|statement_timestamp|transaction_timestamp|pg_encoding_to_char|array_\w+|coalesce|count|max|min|concat|lower|upper|hashtext|hashtextextended|pg_sleep|quote_\w+|unnest|string_agg|format|length|substring|substr|split_part|regexp_\w+|pg_get_\w+|format_type|col_description|obj_description)$/

function isCatalogue({ schema, name }: NamedTable): boolean {
  if (schema !== undefined) return schema === 'pg_catalog' || schema === 'information_schema'
  return name.startsWith('pg_')
}
