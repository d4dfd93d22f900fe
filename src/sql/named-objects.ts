/** Which objects a statement names, and which of their properties it sets: from its tree. */
import type {
  AlterDomainStmt,
  AlterEnumStmt,
  AlterExtensionContentsStmt,
  AlterFunctionStmt,
  AlterObjectSchemaStmt,
  AlterOwnerStmt,
  AlterPolicyStmt,
  AlterPublicationStmt,
  AlterSeqStmt,
  AlterTableCmd,
  AlterTableStmt,
  ColumnDef,
  CommentStmt,
  Constraint,
  CreateDomainStmt,
  CreateEnumStmt,
  CreateExtensionStmt,
  CreateFunctionStmt,
  CreatePolicyStmt,
  CreatePublicationStmt,
  CreateSchemaStmt,
  CreateSeqStmt,
  CreateTrigStmt,
  DoStmt,
  DropStmt,
  GrantStmt,
  IndexStmt,
  Node,
  PublicationObjSpec,
  RangeVar,
  RuleStmt,
} from '@pgsql/types'
import { allOf, as, nameWords, words } from './ast.ts'
import { nameFromWords, relationName, type QualifiedName } from './names.ts'
import { readDoBlock } from './routine-body.ts'

/** One object or property of it; what is absent the tree does not tell, or means all there are. */
export interface NamedObject {
  /** `constraint`, `column`, `trigger`, `policy`, `row security`, `grant`, …; absent: the object itself. */
  readonly kind?: string
  readonly name?: string
  /** What it hangs on, or is a property of. */
  readonly of?: QualifiedName
  readonly schema?: string
}

/** What the statement names, inside a DO block too as far as it stands there. */
export function namedObjects(tag: string, node: object, sql: string): readonly NamedObject[] {
  if (tag !== 'DoStmt') return readers[tag]?.(node) ?? []
  const { statements } = readDoBlock(node as DoStmt, sql)
  return statements.flatMap((inner) => readers[inner.tag]?.(inner.value) ?? [])
}

type Reader = (node: object) => readonly NamedObject[]

function reader<T>(read: (node: T) => readonly NamedObject[]): Reader {
  return (node) => read(node as T)
}

const itself = (kind: string, { name, schema }: QualifiedName): readonly NamedObject[] => [
  { kind, name, ...(schema === undefined ? {} : { schema }) },
]

function part(kind: string, relation: RangeVar | undefined, name?: string): readonly NamedObject[] {
  const of = relation === undefined ? {} : { of: relationName(relation) }
  return [{ kind, ...of, ...(name === undefined ? {} : { name }) }]
}

const readers: Readonly<Record<string, Reader>> = {
  AlterTableStmt: reader<AlterTableStmt>(({ relation, cmds }) =>
    allOf<AlterTableCmd>(cmds, 'AlterTableCmd').flatMap((command) => commandObjects(relation, command)),
  ),
  IndexStmt: reader<IndexStmt>(({ relation, idxname }) => part('index', relation, idxname)),
  CreateTrigStmt: reader<CreateTrigStmt>(({ relation, trigname }) => part('trigger', relation, trigname)),
  CreatePolicyStmt: reader<CreatePolicyStmt>(({ table, policy_name: name }) => part('policy', table, name)),
  AlterPolicyStmt: reader<AlterPolicyStmt>(({ table, policy_name: name }) => part('policy', table, name)),
  RuleStmt: reader<RuleStmt>(({ relation, rulename }) => part('rule', relation, rulename)),
  CreateFunctionStmt: reader<CreateFunctionStmt>(({ funcname }) =>
    itself('function', nameFromWords(words(funcname))),
  ),
  AlterFunctionStmt: reader<AlterFunctionStmt>(({ func }) =>
    itself('function', nameFromWords(words(func?.objname))),
  ),
  CreateExtensionStmt: reader<CreateExtensionStmt>(({ extname = '' }) => [
    { kind: 'extension', name: extname },
  ]),
  AlterExtensionStmt: reader<CreateExtensionStmt>(({ extname = '' }) => [
    { kind: 'extension', name: extname },
  ]),
  AlterExtensionContentsStmt: reader<AlterExtensionContentsStmt>(({ extname = '' }) => [
    { kind: 'extension', name: extname },
  ]),
  CreatePublicationStmt: reader<CreatePublicationStmt>(({ pubname = '', pubobjects }) => [
    { kind: 'publication', name: pubname },
    ...publishedObjects(pubobjects),
  ]),
  AlterPublicationStmt: reader<AlterPublicationStmt>(({ pubname = '', pubobjects }) => [
    { kind: 'publication', name: pubname },
    ...publishedObjects(pubobjects),
  ]),
  CreateSchemaStmt: reader<CreateSchemaStmt>(({ schemaname, authrole }) => [
    { kind: 'schema', name: schemaname ?? authrole?.rolename ?? '' },
  ]),
  CreateSeqStmt: reader<CreateSeqStmt>(({ sequence }) => itself('sequence', relationName(sequence ?? {}))),
  AlterSeqStmt: reader<AlterSeqStmt>(({ sequence }) => itself('sequence', relationName(sequence ?? {}))),
  CreateEnumStmt: reader<CreateEnumStmt>(({ typeName }) => itself('type', nameFromWords(words(typeName)))),
  AlterEnumStmt: reader<AlterEnumStmt>(({ typeName }) => itself('type', nameFromWords(words(typeName)))),
  CreateDomainStmt: reader<CreateDomainStmt>(({ domainname }) =>
    itself('type', nameFromWords(words(domainname))),
  ),
  AlterDomainStmt: reader<AlterDomainStmt>(({ typeName }) => itself('type', nameFromWords(words(typeName)))),
  DropStmt: reader<DropStmt>(({ objects = [], removeType = '' }) =>
    objects.flatMap((object) => droppedObject(removeType, nameWords(object))),
  ),
  GrantStmt: reader<GrantStmt>(grantedObjects),
  CommentStmt: reader<CommentStmt>(({ objtype, object }) => commented(objtype ?? '', nameWords(object))),
  AlterOwnerStmt: reader<AlterOwnerStmt>(({ object }) => [
    { kind: 'owner', of: nameFromWords(nameWords(object)) },
  ]),
  AlterObjectSchemaStmt: reader<AlterObjectSchemaStmt>(({ objectType, object }) =>
    objectType === 'OBJECT_EXTENSION' ? [{ kind: 'extension', name: nameWords(object).at(-1) ?? '' }] : [],
  ),
}

function commandObjects(relation: RangeVar | undefined, command: AlterTableCmd): readonly NamedObject[] {
  const { subtype = 'AT_AddColumn', name, def } = command
  switch (subtype) {
    case 'AT_AddConstraint':
      return part('constraint', relation, as<Constraint>(def, 'Constraint')?.conname)
    case 'AT_DropConstraint':
    case 'AT_ValidateConstraint':
    case 'AT_AlterConstraint':
      return part('constraint', relation, name)
    case 'AT_AddColumn': {
      const column = as<ColumnDef>(def, 'ColumnDef')
      const constraints = allOf<Constraint>(column?.constraints, 'Constraint')
      return [
        ...part('column', relation, column?.colname),
        ...constraints.flatMap(({ conname }) => part('constraint', relation, conname)),
      ]
    }
    default:
      return subtype.includes('Trig')
        ? part('trigger', relation, name === '' ? undefined : name)
        : part(
            properties[subtype] ?? 'column',
            relation,
            properties[subtype] === undefined ? name : undefined,
          )
  }
}

const properties: Readonly<Record<string, string>> = {
  AT_EnableRowSecurity: 'row security',
  AT_DisableRowSecurity: 'row security',
  AT_ForceRowSecurity: 'row security',
  AT_NoForceRowSecurity: 'row security',
  AT_ReplicaIdentity: 'replica identity',
  AT_ChangeOwner: 'owner',
  AT_SetRelOptions: 'options',
  AT_ResetRelOptions: 'options',
  AT_ReplaceRelOptions: 'options',
}

function publishedObjects(nodes: readonly Node[] | undefined): readonly NamedObject[] {
  return allOf<PublicationObjSpec>(nodes, 'PublicationObjSpec').flatMap(({ pubtable, name }) =>
    pubtable?.relation === undefined
      ? [{ kind: 'publication', schema: name ?? 'public' }]
      : part('publication', pubtable.relation),
  )
}

/** ON ALL TABLES IN SCHEMA names the schema only. */
function grantedObjects({ objects = [], targtype, objtype }: GrantStmt): readonly NamedObject[] {
  return objects.map((object): NamedObject => {
    const relation = as<RangeVar>(object, 'RangeVar')
    if (relation !== undefined) return { kind: 'grant', of: relationName(relation) }
    const path = nameWords(object)
    if (targtype === 'ACL_TARGET_ALL_IN_SCHEMA') return { kind: 'grant', schema: path.at(-1) ?? '' }
    if (objtype === 'OBJECT_SCHEMA')
      return { kind: 'grant', of: { schema: undefined, name: path.at(-1) ?? '' } }
    return { kind: 'grant', of: nameFromWords(path) }
  })
}

/** Kinds of what hangs on a relation, by the words of the parser. */
const partKinds: Readonly<Record<string, string>> = {
  OBJECT_TRIGGER: 'trigger',
  OBJECT_POLICY: 'policy',
  OBJECT_RULE: 'rule',
  OBJECT_TABCONSTRAINT: 'constraint',
  OBJECT_COLUMN: 'column',
}

function droppedObject(removeType: string, path: readonly string[]): readonly NamedObject[] {
  const kind = partKinds[removeType]
  if (kind !== undefined) return [{ kind, name: path.at(-1) ?? '', of: nameFromWords(path.slice(0, -1)) }]
  if (removeType === 'OBJECT_EXTENSION') return [{ kind: 'extension', name: path.at(-1) ?? '' }]
  if (removeType === 'OBJECT_PUBLICATION') return [{ kind: 'publication', name: path.at(-1) ?? '' }]
  return itself(removeType.slice('OBJECT_'.length).toLowerCase(), nameFromWords(path))
}

function commented(objtype: string, path: readonly string[]): readonly NamedObject[] {
  const of = partKinds[objtype] === undefined ? nameFromWords(path) : nameFromWords(path.slice(0, -1))
  return [{ kind: 'comment', of }]
}
