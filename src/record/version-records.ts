/** What a migration tool writes into its own tables about the migrations that it has run. */
import type { AstNode } from '../core/model.ts'
import { tokenize } from '../sql/tokens.ts'
import { fileOf, fileOfDjango, type DjangoMigration, type FileNames } from './file-names.ts'
import type { CandidateFile, RecordedStatement } from './model.ts'

/** A row that says that a migration was run. */
export interface VersionRecord {
  /** Of its statement. */
  readonly index: number
  /** Undefined: no file of the project is called so. */
  readonly file: CandidateFile | undefined
  /** What the tool calls it: `auth.0001_initial`, `20260101120000`; undefined for several at once. */
  readonly recordedAs: string | undefined
  readonly table: string
}

/** In the order of the statements, which `direction` they go (up, where that is absent). */
export function recordsIn(
  statements: readonly RecordedStatement[],
  names: readonly FileNames[],
  direction: 'up' | 'down' | undefined,
): readonly VersionRecord[] {
  const byId = new Map<string, CandidateFile>()
  return statements.flatMap((statement, index): readonly VersionRecord[] => {
    if (statement.kind !== 'bookkeeping' || !writesRows.has(statement.tag)) return []
    // where Alembic joins two branches, one of their rows goes
    if (statement.tag === 'DeleteStmt' && direction !== 'down') return []
    const table = tableName(statement.node)
    if (isLock.test(table)) return []
    const values = valuesOf(statement.sql)
    const said = valuesOf(written(statement, direction))
    const django = table === 'django_migrations' ? djangoMigration(said) : undefined
    const told =
      django === undefined
        ? (fileOf(said, names) ??
          fileOf(values, names) ??
          values.map((value) => byId.get(value)).find((one) => one !== undefined))
        : fileOfDjango(django, names)
    const file = direction === 'down' && isWhereTo(statement) ? behind(told, names) : told
    // Prisma's second word names only the id of the first
    if (file !== undefined) for (const value of values) if (isId(value)) byId.set(value, file)
    const name = django === undefined ? nameIn(said, table) : `${django.app}.${django.name}`
    if (file === undefined && (statement.tag === 'DeleteStmt' || name === undefined)) return []
    return [{ index, file, recordedAs: isOneRow(statement.node) ? name : undefined, table }]
  })
}

/** golang-migrate, which keeps one row, writes down before it goes back where it will be then. */
function isWhereTo({ tag, node }: RecordedStatement): boolean {
  const cols = (node?.['cols'] ?? []) as readonly { readonly ResTarget?: { readonly name?: string } }[]
  return tag === 'InsertStmt' && cols.some(({ ResTarget }) => ResTarget?.name === 'dirty')
}

/** What is taken back where that is reached. */
function behind(file: CandidateFile | undefined, names: readonly FileNames[]): CandidateFile | undefined {
  const at = names.findIndex((one) => one.file === file)
  return at < 0 ? undefined : names[at + 1]?.file
}

const writesRows: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt'])

/** databasechangeloglock, knex_migrations_lock, bun_migration_locks: the number of their row is no version. */
const isLock = /locks?$/i

/** A schema that is loaded writes down all its versions together. */
function isOneRow(node: AstNode | undefined): boolean {
  const query = node?.['selectStmt'] as { SelectStmt?: { valuesLists?: readonly unknown[] } } | undefined
  return (query?.SelectStmt?.valuesLists?.length ?? 1) === 1
}

/** `INSERT INTO django_migrations (app, name, applied)` */
function djangoMigration([app, name]: readonly string[]): DjangoMigration | undefined {
  return app === undefined || name === undefined ? undefined : { app, name }
}

function nameIn(values: readonly string[], table: string): string | undefined {
  // id, author and file; what follows is a time, a checksum and the number of the deployment
  if (/^databasechangelog$/i.test(table)) return values[2]
  return values.find(looksLikeName) ?? (table.startsWith('alembic_version') ? values[0] : undefined)
}

/**
 * Without the row that it looks for: Alembic puts a revision in the place of the one before. On the way down that row is
 * what is taken back.
 */
function written({ sql, tag }: RecordedStatement, direction: 'up' | 'down' | undefined): string {
  const where =
    tag === 'UpdateStmt'
      ? tokenize(sql).find(({ kind, text }) => kind === 'word' && text.toLowerCase() === 'where')
      : undefined
  if (where === undefined) return sql
  return direction === 'down' ? sql.slice(where.start) : sql.slice(0, where.start)
}

function isId(value: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)
}

/** A version or a name, and not a lock's flag, a number of a batch or a time. */
function looksLikeName(value: string): boolean {
  return /^\d{8,17}$/.test(value) || /^[\w.-]*\d[\w.-]*_[\w.-]+$/.test(value)
}

/** Literals and numbers of a statement; parameters are in it already. */
function valuesOf(sql: string): readonly string[] {
  return tokenize(sql).flatMap(({ kind, text }) => {
    if (kind === 'word') return /^\d+$/.test(text) ? [text] : []
    if (kind !== 'literal') return []
    const inner = /^[A-Za-z]?'([\s\S]*)'$/.exec(text)?.[1]
    return inner === undefined ? [] : [inner.replaceAll("''", "'")]
  })
}

function tableName(node: AstNode | undefined): string {
  const relation = node?.['relation'] as { readonly relname?: string } | undefined
  return relation?.relname ?? 'the tool’s own table'
}
