/** What happens when a file is run again that failed half-way. */
import type {
  AlterEnumStmt,
  AlterTableCmd,
  AlterTableStmt,
  Constraint,
  CreateStmt,
  DropStmt,
  IndexStmt,
} from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { allOf, as, nameWords } from './ast.ts'

/**
 * Does the statement fail when it is run a second time, after it has succeeded? `before`: the statements that stand
 * before it in the file, and are run again as well: DROP … IF EXISTS makes way. Code, data and what is not known do not
 * count as failing.
 */
export function failsAgain(statement: Statement, before: readonly Statement[]): boolean {
  const { tag, node } = statement
  if (node === undefined) return false
  switch (tag) {
    case 'CreateStmt': {
      const { if_not_exists, relation } = node as CreateStmt
      return if_not_exists !== true && !isDroppedBefore(before, relation?.relname)
    }
    case 'IndexStmt': {
      const { if_not_exists, idxname } = node as IndexStmt
      return if_not_exists !== true && idxname !== undefined && !isDroppedBefore(before, idxname)
    }
    case 'DropStmt':
      return (node as DropStmt).missing_ok !== true
    case 'AlterTableStmt':
      return tableActionFails(node as AlterTableStmt, before)
    case 'AlterEnumStmt':
      return (node as AlterEnumStmt).skipIfNewValExists !== true
    case 'RenameStmt':
      return true
    default:
      return createFails(statement, before)
  }
}

/** By tag: where the tree says that it takes what is there, and where the name stands. */
const creates: Readonly<Record<string, { readonly mild?: string; readonly name?: string }>> = {
  ViewStmt: { mild: 'replace', name: 'view' },
  CreateFunctionStmt: { mild: 'replace', name: 'funcname' },
  CreateTrigStmt: { mild: 'replace', name: 'trigname' },
  CreateSeqStmt: { mild: 'if_not_exists', name: 'sequence' },
  CreateSchemaStmt: { mild: 'if_not_exists', name: 'schemaname' },
  CreateExtensionStmt: { mild: 'if_not_exists', name: 'extname' },
  CreateTableAsStmt: { mild: 'if_not_exists' },
  CreateEnumStmt: { name: 'typeName' },
  CreateDomainStmt: { name: 'domainname' },
  CompositeTypeStmt: { name: 'typevar' },
  CreatePolicyStmt: { name: 'policy_name' },
}

function createFails({ tag, node }: Statement, before: readonly Statement[]): boolean {
  const form = creates[tag]
  if (form === undefined || node === undefined) return false
  if (form.mild !== undefined && node[form.mild] === true) return false
  return !isDroppedBefore(before, nameIn(form.name === undefined ? undefined : node[form.name]))
}

function nameIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return nameWords({ List: { items: value } }).at(-1)
  return (value as { readonly relname?: string } | undefined)?.relname
}

function isDroppedBefore(before: readonly Statement[], name: string | undefined): boolean {
  return (
    name !== undefined &&
    before.some(({ tag, node }) => {
      if (tag !== 'DropStmt') return false
      const { missing_ok, objects = [] } = node as DropStmt
      return missing_ok === true && objects.some((object) => nameWords(object).at(-1) === name)
    })
  )
}

function tableActionFails(node: AlterTableStmt, before: readonly Statement[]): boolean {
  const actions = allOf<AlterTableCmd>(node.cmds, 'AlterTableCmd')
  const earlier = [...before.flatMap(actionsIn), ...actions]
  return actions.some((action) => {
    switch (action.subtype) {
      case 'AT_AddColumn':
      case 'AT_DropColumn':
      case 'AT_DropConstraint':
        return action.missing_ok !== true
      case 'AT_AddConstraint': {
        const name = as<Constraint>(action.def, 'Constraint')?.conname
        return !earlier.some(
          ({ subtype, missing_ok, name: dropped }) =>
            subtype === 'AT_DropConstraint' && missing_ok === true && dropped === name,
        )
      }
      case 'AT_AttachPartition':
      case 'AT_DetachPartition':
        return true
      default:
        return false
    }
  })
}

function actionsIn({ tag, node }: Statement): readonly AlterTableCmd[] {
  return tag === 'AlterTableStmt' ? allOf<AlterTableCmd>((node as AlterTableStmt).cmds, 'AlterTableCmd') : []
}
