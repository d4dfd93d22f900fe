import type { Statement } from '../core/model.ts'

/** Statements that always reach beyond the database they run in. */
const clusterWide: ReadonlySet<string> = new Set([
  'AlterSystemStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterTableSpaceOptionsStmt',
  'CreatedbStmt',
  'DropdbStmt',
  'AlterDatabaseStmt',
  'AlterDatabaseSetStmt',
  'AlterDatabaseRefreshCollStmt',
  'CreateSubscriptionStmt',
  'AlterSubscriptionStmt',
  'DropSubscriptionStmt',
  'CheckPointStmt',
  'LoadStmt',
])

/** Statements that change roles, which all databases share. */
const roleStatements: ReadonlySet<string> = new Set([
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'DropRoleStmt',
  'GrantRoleStmt',
])

const sharedObjects: ReadonlySet<unknown> = new Set([
  'OBJECT_DATABASE',
  'OBJECT_TABLESPACE',
  'OBJECT_PARAMETER_ACL',
  'OBJECT_SUBSCRIPTION',
])

/** Fields in which a node says what kind of object it is about. */
const kindFields = ['objtype', 'objectType', 'renameType', 'removeType'] as const

/**
 * Does the statement change the whole server: settings, tablespaces, other databases, or roles that were
 * there before (`foreignRoles` of the server; without it, any role)? On a server that we were given it is
 * not run.
 */
export function isClusterWide(
  statement: Pick<Statement, 'tag' | 'node'>,
  foreignRoles?: ReadonlySet<string>,
): boolean {
  const { tag, node } = statement
  if (clusterWide.has(tag)) return true
  if (node === undefined) return false
  const kinds = kindFields.map((field) => node[field])
  if (kinds.some((kind) => sharedObjects.has(kind))) return true
  if (!roleStatements.has(tag) && !kinds.includes('OBJECT_ROLE')) return false
  return changedRoles(tag, node).some((role) => role === '' || (foreignRoles?.has(role) ?? true))
}

/** The roles that a role statement changes; a name we cannot read counts as somebody else's. */
function changedRoles(tag: string, node: Readonly<Record<string, unknown>>): readonly string[] {
  if (tag === 'RenameStmt') return [String(node['subname'] ?? '')]
  if (tag === 'CommentStmt') {
    const object = node['object'] as { String?: { sval?: string } } | undefined
    return [object?.String?.sval ?? '']
  }
  // GRANT app TO alice changes who is in app.
  if (tag === 'GrantRoleStmt') {
    const granted = (node['granted_roles'] ?? []) as readonly { AccessPriv?: { priv_name?: string } }[]
    return granted.map((role) => role.AccessPriv?.priv_name ?? '')
  }
  const roles = (tag === 'DropRoleStmt' ? node['roles'] : [{ RoleSpec: node['role'] }]) as readonly {
    RoleSpec?: { rolename?: string }
  }[]
  return roles.map((role) => role.RoleSpec?.rolename ?? '')
}
