import type { Migration } from '../core/model.ts'

/**
 * Roles that the SQL names (RoleSpec of the tree: GRANT, OWNER TO, SET ROLE, policies, AUTHORIZATION), so that they
 * can be created before the replay. A role that the SQL itself creates is left to it.
 */
export function namedRoles(migrations: readonly Migration[]): readonly string[] {
  const named = new Set<string>()
  const created = new Set<string>()
  for (const { statements } of migrations) {
    for (const { tag, node, sql } of statements) {
      if (tag === 'CreateRoleStmt') {
        const role = node?.['role']
        if (typeof role === 'string' && !named.has(role)) created.add(role)
      }
      if (node !== undefined && mayNameRoles(sql)) collect(node, named)
      const set = /^set\s+(?:session\s+|local\s+)?role\s+(?:to\s+)?["']?([A-Za-z_][\w$-]*)/i.exec(sql)?.[1]
      if (set !== undefined && set.toLowerCase() !== 'none') named.add(set)
    }
  }
  return [...named].filter((role) => !created.has(role)).toSorted()
}

/** Walking every tree would cost more than parsing it. */
function mayNameRoles(sql: string): boolean {
  return /\b(?:grant|revoke|owner|owned|authorization|policy|privileges|role|user|group)\b/i.test(sql)
}

function collect(value: unknown, into: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, into)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      if (isRoleSpec(child)) into.add(child.rolename)
      else if (key !== 'location') collect(child, into)
    }
  }
}

function isRoleSpec(value: unknown): value is { readonly roletype: string; readonly rolename: string } {
  if (typeof value !== 'object' || value === null) return false
  const spec = value as { roletype?: unknown; rolename?: unknown }
  return spec.roletype === 'ROLESPEC_CSTRING' && typeof spec.rolename === 'string'
}
