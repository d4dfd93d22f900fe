/** Rights that a statement gives away too widely, by its text. */
import type {
  AccessPriv,
  AlterDefaultPrivilegesStmt,
  AlterRoleStmt,
  CreateRoleStmt,
  DefElem,
  GrantRoleStmt,
  GrantStmt,
  Node,
  RangeVar,
  RoleSpec,
} from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { allOf, as, nameWords, unwrap } from './ast.ts'

export interface WideGrant {
  readonly kind: 'public' | 'grantOption' | 'defaults' | 'role'
  /** `SELECT, UPDATE` */
  readonly rights: string
  /** On what; for `role` the role that gets them. */
  readonly objects: string
}

/** Empty for statements that give nothing to everybody, nor make roles that stand above all rights. */
export function grantsOf({ tag, node }: Statement): readonly WideGrant[] {
  switch (tag) {
    case 'GrantStmt':
      return ofGrant(node as GrantStmt)
    case 'AlterDefaultPrivilegesStmt':
      return ofDefaults(node as AlterDefaultPrivilegesStmt)
    case 'GrantRoleStmt':
      return ofMembership(node as GrantRoleStmt)
    case 'CreateRoleStmt': {
      const { role = '', options } = node as CreateRoleStmt
      return ofRole(role, options)
    }
    case 'AlterRoleStmt': {
      const { role, options } = node as AlterRoleStmt
      return ofRole(role?.rolename ?? '', options)
    }
    default:
      return []
  }
}

function ofGrant(grant: GrantStmt): readonly WideGrant[] {
  if (grant.is_grant !== true) return []
  const rights = rightsOf(grant)
  const objects = objectsOf(grant)
  if (isForAll(grant)) return isUsual(grant, rights) ? [] : [{ kind: 'public', rights, objects }]
  return grant.grant_option === true ? [{ kind: 'grantOption', rights, objects }] : []
}

function isForAll({ grantees }: GrantStmt): boolean {
  return allOf<RoleSpec>(grantees, 'RoleSpec').some(({ roletype }) => roletype === 'ROLESPEC_PUBLIC')
}

/** USAGE of a schema or a type shows nothing by itself; whether EXECUTE matters hangs on the function. */
function isUsual({ objtype }: GrantStmt, rights: string): boolean {
  return rights === 'USAGE' || rights === 'EXECUTE' || (objtype !== undefined && codeKinds.has(objtype))
}

const codeKinds: ReadonlySet<string> = new Set([
  'OBJECT_FUNCTION',
  'OBJECT_PROCEDURE',
  'OBJECT_ROUTINE',
  'OBJECT_TYPE',
  'OBJECT_DOMAIN',
  'OBJECT_LANGUAGE',
])

function rightsOf({ privileges }: GrantStmt): string {
  const rights = allOf<AccessPriv>(privileges, 'AccessPriv').map(({ priv_name = 'ALL', cols }) =>
    cols === undefined ? priv_name.toUpperCase() : `${priv_name.toUpperCase()} (${namesIn(cols).join(', ')})`,
  )
  return rights.length === 0 ? 'ALL' : rights.join(', ')
}

const kindWords: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'tables',
  OBJECT_SEQUENCE: 'sequences',
  OBJECT_FUNCTION: 'functions',
  OBJECT_SCHEMA: 'schema',
  OBJECT_DATABASE: 'database',
}

function objectsOf({ targtype, objtype = 'OBJECT_TABLE', objects }: GrantStmt): string {
  const names = namesIn(objects).join(', ')
  const word = kindWords[objtype] ?? 'objects'
  if (targtype === 'ACL_TARGET_ALL_IN_SCHEMA') return `all ${word} in schema ${names}`
  return objtype === 'OBJECT_SCHEMA' || objtype === 'OBJECT_DATABASE' ? `${word} ${names}` : names
}

function namesIn(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).map((node) => {
    const relation = as<RangeVar>(node, 'RangeVar')
    if (relation === undefined) return nameWords(node).join('.')
    const { schemaname, relname = '' } = relation
    return schemaname === undefined ? relname : `${schemaname}.${relname}`
  })
}

function ofDefaults({ action }: AlterDefaultPrivilegesStmt): readonly WideGrant[] {
  if (action === undefined || action.is_grant !== true || !isForAll(action)) return []
  const rights = rightsOf(action)
  if (isUsual(action, rights)) return []
  return [{ kind: 'defaults', rights, objects: kindWords[action.objtype ?? ''] ?? 'objects' }]
}

/** https://www.postgresql.org/docs/current/predefined-roles.html */
const predefined: ReadonlySet<string> = new Set([
  'pg_read_all_data',
  'pg_write_all_data',
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_execute_server_program',
])

function ofMembership({ is_grant, granted_roles, grantee_roles }: GrantRoleStmt): readonly WideGrant[] {
  if (is_grant !== true) return []
  const names = allOf<AccessPriv>(granted_roles, 'AccessPriv').map(({ priv_name = '' }) => priv_name)
  const rights = names.filter((name) => predefined.has(name)).join(', ')
  const roles = allOf<RoleSpec>(grantee_roles, 'RoleSpec').map(({ rolename }) => rolename ?? 'PUBLIC')
  return rights === '' ? [] : [{ kind: 'role', rights, objects: roles.join(', ') }]
}

const attributes: Readonly<Record<string, string>> = {
  superuser: 'SUPERUSER',
  bypassrls: 'BYPASSRLS',
  createrole: 'CREATEROLE',
  isreplication: 'REPLICATION',
}

function ofRole(role: string, options: readonly Node[] | undefined): readonly WideGrant[] {
  const rights = allOf<DefElem>(options, 'DefElem').flatMap(({ defname = '', arg }) => {
    const attribute = attributes[defname]
    return attribute !== undefined && isTrue(arg) ? [attribute] : []
  })
  return rights.length === 0 ? [] : [{ kind: 'role', rights: rights.join(', '), objects: role }]
}

/** The grammar gives Boolean nodes; false is left out of them. */
function isTrue(arg: Node | undefined): boolean {
  const value = unwrap(arg)?.value as { readonly boolval?: boolean; readonly ival?: number } | undefined
  return value?.boolval === true || value?.ival === 1
}
