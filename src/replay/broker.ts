import { quoteIdentifier, quoteLiteral } from '../postgres/quote.ts'
import type { AstNode, Statement } from '../core/model.ts'
import { brokeredExtensions } from '../postgres/extensions.ts'
import { harmlessParameters } from '../postgres/roles.ts'
import { call } from './broker-call.ts'
import { dotted, objectOwner, relationOwner } from './broker-objects.ts'

interface StringNode {
  readonly String?: { readonly sval?: string }
}
interface DefElem {
  readonly defname?: string
  readonly arg?: StringNode & Readonly<Record<string, unknown>>
}
type Options = readonly { readonly DefElem?: DefElem }[]

/**
 * The SQL to run in a statement's place where Postgres asks for a superuser and installBroker()'s functions
 * can stand in; undefined where the statement runs as it is. Decided by the syntax tree alone, so statements
 * inside DO blocks and functions are never brokered.
 */
export function brokered(statement: Pick<Statement, 'tag' | 'node'>): string | undefined {
  const { tag, node } = statement
  return node === undefined ? undefined : brokers[tag]?.(node)
}

const brokers: Readonly<Record<string, (node: AstNode) => string | undefined>> = {
  CreateExtensionStmt: createExtension,
  AlterExtensionStmt: (node) =>
    isBrokeredExtension(node['extname'])
      ? call('update_extension', String(node['extname']), text(option(node, 'new_version')))
      : undefined,
  AlterObjectSchemaStmt: moveExtension,
  DropStmt: drop,
  CommentStmt: comment,
  CreateEventTrigStmt: createEventTrigger,
  AlterEventTrigStmt: (node) => call('alter_event_trigger', String(node['trigname']), null),
  RenameStmt: rename,
  AlterOwnerStmt: (node) =>
    node['objectType'] === 'OBJECT_EVENT_TRIGGER'
      ? call('alter_event_trigger', objectName(node), null) // stays the superuser's, as it must
      : objectOwner(node),
  AlterTableStmt: relationOwner,
  CreatePublicationStmt: createPublication,
  AlterPublicationStmt: (node) =>
    node['pubobjects'] === undefined && node['options'] !== undefined
      ? call('alter_publication', String(node['pubname']), null, publicationOptions(node))
      : undefined,
  VariableSetStmt: setVariable,
}

function isBrokeredExtension(name: unknown): boolean {
  return typeof name === 'string' && brokeredExtensions.includes(name)
}

function createExtension(node: AstNode): string | undefined {
  if (!isBrokeredExtension(node['extname'])) return undefined
  return call(
    'create_extension',
    String(node['extname']),
    { sql: 'pg_catalog.current_schema()::pg_catalog.text' },
    text(option(node, 'schema')),
    text(option(node, 'new_version')),
    node['if_not_exists'] === true,
    option(node, 'cascade') !== undefined,
  )
}

function moveExtension(node: AstNode): string | undefined {
  if (node['objectType'] !== 'OBJECT_EXTENSION' || !isBrokeredExtension(objectName(node))) return undefined
  return call('move_extension', objectName(node), String(node['newschema']))
}

function drop(node: AstNode): string | undefined {
  const names = (node['objects'] as readonly StringNode[]).map((object) => object.String?.sval ?? '')
  const rest = [names, node['missing_ok'] === true, node['behavior'] === 'DROP_CASCADE'] as const
  switch (node['removeType']) {
    case 'OBJECT_EXTENSION':
      return names.some(isBrokeredExtension) ? call('drop_extensions', ...rest) : undefined
    case 'OBJECT_EVENT_TRIGGER':
      return call('drop_event_triggers', ...rest)
    case 'OBJECT_PUBLICATION':
      return call('drop_publications', ...rest)
    default:
      return undefined
  }
}

const commentFunctions: Readonly<Record<string, string>> = {
  OBJECT_EXTENSION: 'comment_on_extension',
  OBJECT_EVENT_TRIGGER: 'comment_on_event_trigger',
  OBJECT_PUBLICATION: 'comment_on_publication',
}

function comment(node: AstNode): string | undefined {
  const name = commentFunctions[String(node['objtype'])]
  return name === undefined ? undefined : call(name, objectName(node), node['comment'] as string | undefined)
}

function createEventTrigger(node: AstNode): string {
  const tags = (node['whenclause'] as Options | undefined)?.flatMap(({ DefElem }) =>
    ((DefElem?.arg?.['List'] as { items?: readonly StringNode[] } | undefined)?.items ?? []).map(
      (item) => item.String?.sval ?? '',
    ),
  )
  const name = quoteLiteral(`${dotted(node['funcname'] as readonly StringNode[])}()`)
  const { trigname, eventname } = node
  return call('create_event_trigger', String(trigname), String(eventname), tags, {
    sql: `${name}::pg_catalog.regprocedure`,
  })
}

function rename(node: AstNode): string | undefined {
  switch (node['renameType']) {
    case 'OBJECT_EVENT_TRIGGER':
      return call('alter_event_trigger', objectName(node), String(node['newname']))
    case 'OBJECT_PUBLICATION':
      return call('alter_publication', objectName(node), String(node['newname']), null)
    default:
      return undefined
  }
}

function createPublication(node: AstNode): string | undefined {
  const name = String(node['pubname'])
  if (node['for_all_tables'] === true) {
    return call('create_publication', name, null, publicationOptions(node))
  }
  const objects = (node['pubobjects'] ?? []) as readonly {
    readonly PublicationObjSpec?: { readonly pubobjtype?: string; readonly name?: string }
  }[]
  const schemas = objects.map(({ PublicationObjSpec: object }) =>
    object?.pubobjtype === 'PUBLICATIONOBJ_TABLES_IN_SCHEMA' ? object.name : undefined,
  )
  return schemas.length > 0 && schemas.every((schema) => schema !== undefined)
    ? call('create_publication', name, schemas, publicationOptions(node))
    : undefined
}

/** An array, because the broker writes them in their order. */
function publicationOptions(node: AstNode): { readonly sql: string } | null {
  const options = (node['options'] as Options | undefined) ?? []
  if (options.length === 0) return null
  const list = options.map(({ DefElem }) => ({ key: DefElem?.defname, value: text(DefElem) ?? null }))
  return { sql: `${quoteLiteral(JSON.stringify(list))}::pg_catalog.json` }
}

function setVariable(node: AstNode): string | undefined {
  const { name, kind } = node
  const isLocal = node['is_local'] === true
  const value = constant((node['args'] as readonly unknown[] | undefined)?.[0])
  const resets = kind === 'VAR_SET_DEFAULT' || kind === 'VAR_RESET'
  if (name === 'session_authorization') {
    // Old dumps. Only superusers may, and it would lift the guard of the broker; SET ROLE does what they need.
    if (resets) return 'reset role'
    return value === undefined ? undefined : `set ${isLocal ? 'local ' : ''}role ${quoteIdentifier(value)}`
  }
  if (!(harmlessParameters as readonly unknown[]).includes(name)) return undefined
  if (resets) return call('set_parameter', String(name), null, isLocal)
  return value === undefined ? undefined : call('set_parameter', String(name), value, isLocal)
}

/** The text of a constant argument of SET. */
function constant(value: unknown): string | undefined {
  const found = (value as { A_Const?: Record<string, Record<string, unknown>> } | undefined)?.A_Const
  if (found === undefined) return undefined
  if (found['sval'] !== undefined) return String(found['sval']['sval'] ?? '')
  if (found['ival'] !== undefined) return String(found['ival']['ival'] ?? 0)
  if (found['fval'] !== undefined) return String(found['fval']['fval'])
  if (found['boolval'] !== undefined) return String(found['boolval']['boolval'] ?? false)
  return undefined
}

function objectName(node: AstNode): string {
  return (node['object'] as StringNode | undefined)?.String?.sval ?? ''
}

function option(node: AstNode, name: string): DefElem | undefined {
  return (node['options'] as Options | undefined)?.find(({ DefElem }) => DefElem?.defname === name)?.DefElem
}

/** The value of an option as text; undefined for an option without one. */
function text(element: DefElem | undefined): string | undefined {
  const value = element?.arg
  if (value === undefined) return undefined
  if (value.String !== undefined) return value.String.sval ?? ''
  const [first] = Object.values(value) as Record<string, unknown>[]
  return first === undefined ? undefined : String(Object.values(first)[0] ?? 0)
}

export { isClusterWide } from './cluster-wide.ts'
