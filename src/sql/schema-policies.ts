import type { AlterPolicyStmt, CreatePolicyStmt, Node, RoleSpec } from '@pgsql/types'
import { allOf } from './ast.ts'
import { isTable, type PolicyRecord } from './schema-records.ts'
import { editTable, partOf, relationNamed, type ChangeScope } from './schema-scope.ts'

/** CREATE POLICY. */
export function createPolicy(scope: ChangeScope, statement: CreatePolicyStmt): void {
  const record = relationNamed(scope, statement.table)
  if (record === undefined) return
  const { policy_name: name = '', qual, with_check: withCheck } = statement
  const policy: PolicyRecord = {
    name,
    isPermissive: statement.permissive === true,
    command: commands[statement.cmd_name ?? 'all'] ?? 'all',
    roles: rolesOf(statement.roles),
    ...(qual === undefined ? {} : { using: qual }),
    ...(withCheck === undefined ? {} : { withCheck }),
  }
  if (isTable(record)) {
    editTable(scope.schema, record.id, (table) => ({ ...table, policies: [...table.policies, policy] }))
  }
  scope.report?.(partOf(record, 'policy', name), false, { type: 'create' })
}

/** ALTER POLICY: what it does not say stays. */
export function alterPolicy(scope: ChangeScope, statement: AlterPolicyStmt): void {
  const record = relationNamed(scope, statement.table)
  if (!isTable(record)) return
  const { policy_name: name = '', qual, with_check: withCheck, roles } = statement
  editTable(scope.schema, record.id, (table) => ({
    ...table,
    policies: table.policies.map((policy) =>
      policy.name === name
        ? {
            ...policy,
            ...(roles === undefined ? {} : { roles: rolesOf(roles) }),
            ...(qual === undefined ? {} : { using: qual }),
            ...(withCheck === undefined ? {} : { withCheck }),
          }
        : policy,
    ),
  }))
}

const commands: Readonly<Record<string, PolicyRecord['command']>> = {
  all: 'all',
  select: 'select',
  insert: 'insert',
  update: 'update',
  delete: 'delete',
}

function rolesOf(nodes: readonly Node[] | undefined): readonly string[] {
  const roles = allOf<RoleSpec>(nodes, 'RoleSpec')
  return roles.some(({ roletype }) => roletype === 'ROLESPEC_PUBLIC')
    ? ['PUBLIC']
    : roles.map(({ rolename }) => rolename ?? '').toSorted()
}
