import type { AlterTableCmd, ColumnDef, Constraint, RenameStmt } from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { allOf, walk, words } from './ast.ts'
import { statementTrees } from './routine-body.ts'

/** A foreign key as a statement writes it. */
export interface WrittenForeignKey {
  /** Absent where it is left to Postgres. */
  readonly name?: string
  readonly columns: readonly string[]
  /** Without its schema. */
  readonly referenced: string
}

/** What a statement does about constraints by name, and the foreign keys that it writes. */
export interface WrittenConstraints {
  /** Of CREATE TABLE, ADD COLUMN and ADD CONSTRAINT. */
  readonly foreignKeys: readonly WrittenForeignKey[]
  readonly renamed: readonly { readonly from: string; readonly to: string }[]
  /** VALIDATE and ALTER CONSTRAINT. */
  readonly changed: readonly string[]
}

// every foreign key of a run asks for every statement that touches its table
const known = new WeakMap<Statement, WrittenConstraints>()

/** Read from the statement's tree, inside a DO block as far as its text tells. */
export function writtenConstraints(statement: Statement): WrittenConstraints {
  const found = known.get(statement) ?? readConstraints(statement)
  known.set(statement, found)
  return found
}

function readConstraints(statement: Statement): WrittenConstraints {
  const foreignKeys: WrittenForeignKey[] = []
  const renamed: { from: string; to: string }[] = []
  const changed: string[] = []
  walk(statementTrees(statement), (kind, part) => {
    if (kind === 'ColumnDef') foreignKeys.push(...ofColumn(part as ColumnDef))
    if (kind === 'Constraint') foreignKeys.push(...ofTable(part as Constraint))
    if (kind === 'AlterTableCmd') changed.push(...ofCommand(part as AlterTableCmd))
    if (kind === 'RenameStmt') {
      const { renameType, subname: from = '', newname: to = '' } = part as RenameStmt
      if (renameType === 'OBJECT_TABCONSTRAINT') renamed.push({ from, to })
    }
  })
  return { foreignKeys, renamed, changed }
}

function ofColumn({ colname = '', constraints }: ColumnDef): readonly WrittenForeignKey[] {
  return allOf<Constraint>(constraints, 'Constraint').flatMap((constraint) =>
    constraint.contype === 'CONSTR_FOREIGN' ? [written(constraint, [colname])] : [],
  )
}

/** That of a column has no list of columns. */
function ofTable(constraint: Constraint): readonly WrittenForeignKey[] {
  const columns = words(constraint.fk_attrs)
  return constraint.contype === 'CONSTR_FOREIGN' && columns.length > 0 ? [written(constraint, columns)] : []
}

function written({ conname, pktable }: Constraint, columns: readonly string[]): WrittenForeignKey {
  return {
    ...(conname === undefined ? {} : { name: conname }),
    columns,
    referenced: pktable?.relname ?? '',
  }
}

function ofCommand({ subtype, name = '', def }: AlterTableCmd): readonly string[] {
  if (subtype === 'AT_ValidateConstraint') return [name]
  if (subtype !== 'AT_AlterConstraint') return []
  const inside: string[] = []
  walk(def, (_, part) => {
    const { conname } = part as { conname?: string }
    if (conname !== undefined) inside.push(conname)
  })
  return inside
}
