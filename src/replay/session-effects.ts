import type { Migration } from '../core/model.ts'

/** Statements that change nothing of their session: no setting, no role, no lock beyond their transaction. */
const withoutTrace: ReadonlySet<string> = new Set([
  'CreateStmt',
  'IndexStmt',
  'AlterTableStmt',
  'DropStmt',
  'RenameStmt',
  'CommentStmt',
  'ViewStmt',
  'CreateFunctionStmt',
  'CreateTrigStmt',
  'CreateEnumStmt',
  'AlterEnumStmt',
  'CompositeTypeStmt',
  'CreateDomainStmt',
  'CreateSchemaStmt',
  'CreateSeqStmt',
  'AlterSeqStmt',
  'CreatePolicyStmt',
  'GrantStmt',
  'AlterOwnerStmt',
  'TruncateStmt',
  'CreateExtensionStmt',
])

/** Rows may fire triggers, and defaults may be functions: whoever changes settings there says so somewhere. */
const rowStatements: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'CopyStmt'])

/** Can a file leave anything behind in its session? Where not, the next one begins as in a new session by itself. */
export function mayLeaveTraces(migrations: readonly Migration[]): (migration: Migration) => boolean {
  const rowsMay = migrations.some(({ text }) => changesSession.test(text))
  return ({ statements }) =>
    statements.some(({ tag, sql }) => {
      if (temporary.test(sql)) return true
      return !withoutTrace.has(tag) && (rowsMay || !rowStatements.has(tag))
    })
}

const temporary = /\btemp(?:orary)?\b|\bpg_temp/i
const changesSession =
  /set_config|advisory_lock|\blisten\b|\bdblink|\bset\s+(?:session\s+)?(?:role|authorization)\b|\bcreate\s+(?:local\s+|global\s+)?temp/i
