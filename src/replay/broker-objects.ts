import { quoteIdentifier, quoteLiteral } from '../postgres/quote.ts'
import type { AstNode } from '../core/model.ts'
import { call } from './broker-call.ts'

interface StringNode {
  readonly String?: { readonly sval?: string }
}
interface TypeNameNode {
  readonly names?: readonly StringNode[]
  readonly arrayBounds?: readonly unknown[]
}
interface ObjectWithArgs {
  readonly objname?: readonly StringNode[]
  readonly objargs?: readonly { readonly TypeName?: TypeNameNode }[]
  readonly args_unspecified?: boolean
}
interface ObjectNode extends StringNode {
  readonly List?: { readonly items?: readonly StringNode[] }
  readonly ObjectWithArgs?: ObjectWithArgs
}

/** `"schema"."name"` from the parts of a name. */
export function dotted(parts: readonly StringNode[] | undefined): string {
  return (parts ?? []).map((part) => quoteIdentifier(part.String?.sval ?? '')).join('.')
}

/** A type as a cast to regprocedure reads it; type modifiers do not count there. */
function typeText(type: TypeNameNode | undefined): string {
  return type?.names === undefined ? 'NONE' : dotted(type.names) + '[]'.repeat(type.arrayBounds?.length ?? 0)
}

/** Kinds of ALTER … OWNER TO that are looked up by a cast to a reg* type, which takes no lock. */
const registered: Readonly<Record<string, readonly [catalogue: string, cast: string]>> = {
  OBJECT_SCHEMA: ['pg_namespace', 'regnamespace'],
  OBJECT_TYPE: ['pg_type', 'regtype'],
  OBJECT_DOMAIN: ['pg_type', 'regtype'],
  OBJECT_COLLATION: ['pg_collation', 'regcollation'],
  OBJECT_TSCONFIGURATION: ['pg_ts_config', 'regconfig'],
  OBJECT_TSDICTIONARY: ['pg_ts_dict', 'regdictionary'],
}

const routines = new Set(['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE', 'OBJECT_AGGREGATE'])

/** Kinds that only pg_get_object_address() finds by name, with its word for them. */
const addressed: Readonly<Record<string, readonly [catalogue: string, word: string]>> = {
  OBJECT_CONVERSION: ['pg_conversion', 'conversion'],
  OBJECT_STATISTIC_EXT: ['pg_statistic_ext', 'statistics object'],
  OBJECT_FOREIGN_SERVER: ['pg_foreign_server', 'server'],
  OBJECT_PUBLICATION: ['pg_publication', 'publication'],
}

const ownedRelations = new Set([
  'OBJECT_TABLE',
  'OBJECT_SEQUENCE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
])

/** ALTER TABLE (SEQUENCE, VIEW …) name OWNER TO role, when that is all it does. */
export function relationOwner(node: AstNode): string | undefined {
  const { relation, cmds, objtype } = node as {
    relation?: { schemaname?: string; relname?: string }
    cmds?: readonly { AlterTableCmd?: { subtype?: string; newowner?: unknown } }[]
    objtype?: string
  }
  const command = cmds?.length === 1 ? cmds[0]?.AlterTableCmd : undefined
  const role = command?.subtype === 'AT_ChangeOwner' ? roleName(command.newowner) : undefined
  if (role === undefined || relation?.relname === undefined) return undefined
  if (!ownedRelations.has(objtype ?? '')) return undefined
  const parts = [relation.schemaname, relation.relname].filter((part) => part !== undefined)
  const name = quoteLiteral(parts.map((part) => quoteIdentifier(part)).join('.'))
  const oid = node['missing_ok'] === true ? `pg_catalog.to_regclass(${name})` : `${name}::pg_catalog.regclass`
  return alterOwner('pg_class', `${oid}::pg_catalog.oid`, role)
}

/** ALTER FUNCTION (TYPE, SCHEMA …) name OWNER TO role. */
export function objectOwner(node: AstNode): string | undefined {
  const role = roleName(node['newowner'])
  const kind = String(node['objectType'])
  const object = node['object'] as ObjectNode | undefined
  if (role === undefined || object === undefined) return undefined
  if (routines.has(kind)) return routineOwner(object.ObjectWithArgs, role)
  if (kind === 'OBJECT_OPERATOR') return operatorOwner(object.ObjectWithArgs, role)
  const parts = object.List?.items ?? [object]
  const byCast = registered[kind]
  if (byCast !== undefined) {
    const [catalogue, cast] = byCast
    const oid = `${quoteLiteral(dotted(parts))}::pg_catalog.${cast}::pg_catalog.oid`
    return alterOwner(catalogue, oid, role)
  }
  const byAddress = addressed[kind]
  if (byAddress === undefined) return undefined
  const [catalogue, word] = byAddress
  const names = parts.map((part) => quoteLiteral(part.String?.sval ?? '')).join(', ')
  const address = `pg_catalog.pg_get_object_address(${quoteLiteral(word)}, array[${names}], '{}')`
  return alterOwner(catalogue, `(${address}).objid`, role)
}

function routineOwner(routine: ObjectWithArgs | undefined, role: string): string | undefined {
  if (routine === undefined) return undefined
  const name = dotted(routine.objname)
  const types = (routine.objargs ?? []).map((arg) => typeText(arg.TypeName)).join(', ')
  const oid =
    routine.args_unspecified === true
      ? `${quoteLiteral(name)}::pg_catalog.regproc`
      : `${quoteLiteral(`${name}(${types})`)}::pg_catalog.regprocedure`
  return alterOwner('pg_proc', `${oid}::pg_catalog.oid`, role)
}

function operatorOwner(operator: ObjectWithArgs | undefined, role: string): string | undefined {
  if (operator === undefined) return undefined
  const parts = operator.objname ?? []
  const schema = parts.length > 1 ? `${dotted(parts.slice(0, -1))}.` : ''
  const types = (operator.objargs ?? []).map((arg) => typeText(arg.TypeName)).join(', ')
  const name = quoteLiteral(`${schema}${parts.at(-1)?.String?.sval ?? ''}(${types})`)
  return alterOwner('pg_operator', `${name}::pg_catalog.regoperator::pg_catalog.oid`, role)
}

function alterOwner(catalogue: string, oid: string, role: string): string {
  return call('alter_owner', { sql: `'pg_catalog.${catalogue}'::pg_catalog.regclass` }, { sql: oid }, role)
}

/** The role's name; undefined for CURRENT_USER and its like, which need no help. */
function roleName(value: unknown): string | undefined {
  const role = value as { roletype?: string; rolename?: string } | undefined
  return role?.roletype === 'ROLESPEC_CSTRING' ? role.rolename : undefined
}
