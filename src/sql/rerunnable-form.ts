/** Statements written so that they may run once more after they have succeeded. */
import type {
  AlterEnumStmt,
  AlterTableCmd,
  Constraint,
  CreateTrigStmt,
  DropStmt,
  IndexStmt,
} from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { as } from './ast.ts'
import { createIndexSql } from './create-index.ts'
import { quoteIdent } from './quote.ts'
import { alterActions, type AlterAction } from './statement-nodes.ts'
import { isWord, tokenize } from './tokens.ts'

/**
 * What takes the statement's place: it does the same, and does not fail when it has been done already. Undefined where
 * there is no such form (RENAME, CREATE TYPE), and where only the author can find one (rows).
 * @param createdIndex the name that Postgres gives to an index that the statement does not name
 */
export function rerunnableForm(statement: Statement, createdIndex?: string): readonly string[] | undefined {
  const { tag, sql } = statement
  switch (tag) {
    case 'IndexStmt':
      return indexForm(statement, createdIndex)
    case 'DropStmt':
      return dropForm(statement)
    case 'AlterTableStmt':
      return alterTableForm(statement)
    case 'AlterEnumStmt':
      return (statement.node as AlterEnumStmt).oldVal === undefined
        ? one(inserted(sql, ['VALUE'], 'IF NOT EXISTS'))
        : undefined
    case 'CreateTrigStmt':
      return (statement.node as CreateTrigStmt).isconstraint === true
        ? undefined
        : one(inserted(sql, ['CREATE'], 'OR REPLACE'))
    default: {
      const form = simpleForms[tag]
      return form === undefined ? undefined : one(inserted(sql, [form.behind], form.words))
    }
  }
}

/** By tag: the word behind which it is said. */
const simpleForms: Readonly<Record<string, { readonly behind: string; readonly words: string }>> = {
  CreateStmt: { behind: 'TABLE', words: 'IF NOT EXISTS' },
  CreateSeqStmt: { behind: 'SEQUENCE', words: 'IF NOT EXISTS' },
  CreateSchemaStmt: { behind: 'SCHEMA', words: 'IF NOT EXISTS' },
  CreateExtensionStmt: { behind: 'EXTENSION', words: 'IF NOT EXISTS' },
  ViewStmt: { behind: 'CREATE', words: 'OR REPLACE' },
  CreateFunctionStmt: { behind: 'CREATE', words: 'OR REPLACE' },
}

/** IF NOT EXISTS would take an invalid index that a failure left for the one that is wanted. */
function indexForm(statement: Statement, created: string | undefined): readonly string[] | undefined {
  const { idxname, concurrent, relation } = statement.node as IndexStmt
  const name = idxname ?? created
  if (name === undefined) return undefined
  const create = createIndexSql(statement, { name, concurrently: concurrent === true })
  if (create === undefined) return undefined
  if (concurrent !== true) return one(inserted(create, ['INDEX'], 'IF NOT EXISTS'))
  const schema = relation?.schemaname === undefined ? '' : `${quoteIdent(relation.schemaname)}.`
  return [`DROP INDEX CONCURRENTLY IF EXISTS ${schema}${quoteIdent(name)}`, create]
}

/** DropStmt.removeType, and the last word of its command. */
const dropped: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'TABLE',
  OBJECT_VIEW: 'VIEW',
  OBJECT_MATVIEW: 'VIEW',
  OBJECT_SEQUENCE: 'SEQUENCE',
  OBJECT_TYPE: 'TYPE',
  OBJECT_FUNCTION: 'FUNCTION',
  OBJECT_PROCEDURE: 'PROCEDURE',
  OBJECT_TRIGGER: 'TRIGGER',
  OBJECT_POLICY: 'POLICY',
  OBJECT_SCHEMA: 'SCHEMA',
  OBJECT_EXTENSION: 'EXTENSION',
}

function dropForm({ sql, node }: Statement): readonly string[] | undefined {
  const { removeType = '', concurrent } = node as DropStmt
  if (removeType === 'OBJECT_INDEX')
    return one(inserted(sql, [concurrent === true ? 'CONCURRENTLY' : 'INDEX'], 'IF EXISTS'))
  const word = dropped[removeType]
  return word === undefined ? undefined : one(inserted(sql, [word], 'IF EXISTS'))
}

function alterTableForm(statement: Statement): readonly string[] | undefined {
  const actions = alterActions(statement)
  const [first] = actions
  if (first === undefined) return undefined
  const texts = actions.map(actionForm)
  const known = texts.filter((text) => text !== undefined)
  return known.length === texts.length ? [`${first.head} ${known.join(', ')}`] : undefined
}

function actionForm({ command, text }: AlterAction): string | undefined {
  if (command.missing_ok === true) return text
  switch (command.subtype) {
    case 'AT_AddColumn':
      return inserted(text, ['COLUMN'], 'IF NOT EXISTS') ?? inserted(text, ['ADD'], 'IF NOT EXISTS')
    case 'AT_DropColumn':
      return inserted(text, ['COLUMN'], 'IF EXISTS') ?? inserted(text, ['DROP'], 'IF EXISTS')
    case 'AT_DropConstraint':
      return inserted(text, ['CONSTRAINT'], 'IF EXISTS')
    case 'AT_AddConstraint':
      return constraintForm(command, text)
    case 'AT_AttachPartition':
    case 'AT_DetachPartition':
    case 'AT_DetachPartitionFinalize':
      return undefined
    default:
      return text
  }
}

/** Dropping a constraint drops the index that it was made of, and nothing is left to make it of again. */
function constraintForm({ def }: AlterTableCmd, text: string): string | undefined {
  const constraint = as<Constraint>(def, 'Constraint')
  if (constraint?.conname === undefined || constraint.indexname !== undefined) return undefined
  return `DROP CONSTRAINT IF EXISTS ${quoteIdent(constraint.conname)}, ${text}`
}

/** The text with words behind the first of these, which has to be one of the first few. */
function inserted(sql: string, behind: readonly string[], text: string): string | undefined {
  const token = tokenize(sql, mostWords).find((found) => behind.some((word) => isWord(found, word)))
  return token === undefined ? undefined : `${sql.slice(0, token.end)} ${text}${sql.slice(token.end)}`
}

/** `CREATE GLOBAL TEMPORARY TABLE`, `DROP INDEX CONCURRENTLY`, `ALTER TYPE schema.name ADD VALUE`. */
const mostWords = 7

function one(sql: string | undefined): readonly string[] | undefined {
  return sql === undefined ? undefined : [sql]
}
