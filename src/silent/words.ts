/** What the statements under review say of objects: which they name, and which of their properties they set. */
import type {
  AccessPriv,
  AlterFunctionStmt,
  AlterObjectSchemaStmt,
  AlterOwnerStmt,
  AlterPolicyStmt,
  AlterSeqStmt,
  AlterStatsStmt,
  AlterTableCmd,
  AlterTableStmt,
  ClusterStmt,
  ColumnDef,
  CommentStmt,
  CreateFunctionStmt,
  CreatePolicyStmt,
  CreateTrigStmt,
  DefElem,
  DropRoleStmt,
  DropStmt,
  GrantStmt,
  Node,
  RenameStmt,
  RoleSpec,
  ViewStmt,
} from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { allOf, as, nameWords, words } from '../sql/ast.ts'
import { statementTrees } from '../sql/routine-body.ts'

/**
 * What is said: `drop` also for what gets another name or schema; `type`: ALTER COLUMN TYPE; `function`, `view`, `trigger`:
 * CREATE OR REPLACE and CREATE, with the options that they give.
 */
export type Saying =
  | 'drop'
  | 'comment'
  | 'grant'
  | 'owner'
  | 'default privileges'
  | 'column attributes'
  | 'collation'
  | 'type'
  | 'trigger state'
  | 'clustered'
  | 'replica identity'
  | 'options'
  | 'policy'
  | 'create policy'
  | 'constraint'
  | 'default'
  | 'not null'
  | 'sequence'
  | 'new name'
  | 'alter function'
  | 'function'
  | 'view'
  | 'trigger'
  | 'role'

export interface Said {
  readonly saying: Saying
  /** Every word of the names; `*`: of whatever there is. Schemas are not told apart: who names it, means it. */
  readonly names: ReadonlySet<string>
  /** Options that are given, e.g. `volatility`. */
  readonly options: ReadonlySet<string>
  /** Of `new name`. */
  readonly renamed?: { readonly from: string; readonly to: string }
  readonly statement: Statement
}

/** What all statements say, in order. */
export function saidBy(statements: readonly Statement[]): readonly Said[] {
  const all = statements.flatMap((statement) =>
    statementTrees(statement).flatMap((tree) =>
      Object.entries(tree).flatMap(([tag, node]) =>
        (readers[tag]?.(node as object, statement.sql) ?? []).map((said) => ({ ...said, statement })),
      ),
    ),
  )
  const renames = all.flatMap(({ renamed }) => (renamed === undefined ? [] : [renamed]))
  return renames.length === 0
    ? all
    : all.map((said) => ({ ...said, names: withNewNames(said.names, renames) }))
}

/** What is said of an object under its old name is said of it under the new one. */
function withNewNames(
  names: ReadonlySet<string>,
  renames: readonly NonNullable<Said['renamed']>[],
): ReadonlySet<string> {
  const known = new Set(names)
  for (const { from, to } of renames) if (known.has(from)) known.add(to)
  return known
}

/** Those that say it of an object; `names`: the last word of its name, and for what hangs on a table the table's too. */
export function sayingOf(all: readonly Said[], saying: Saying, ...names: readonly string[]): readonly Said[] {
  return all.filter(
    (said) => said.saying === saying && (said.names.has('*') || names.every((name) => said.names.has(name))),
  )
}

type Read = Omit<Said, 'statement'>
type Reader = (node: object, sql: string) => readonly Read[]

function reader<T>(read: (node: T, sql: string) => readonly Read[]): Reader {
  return (node, sql) => read(node as T, sql)
}

function say(saying: Saying, names: Iterable<string | undefined>, options: Iterable<string> = []): Read {
  const known = [...names].filter((name): name is string => name !== undefined && name !== '')
  return { saying, names: new Set(known), options: new Set(options) }
}

function wordsIn(node: Node | undefined): readonly string[] {
  const range = as<{ schemaname?: string; relname?: string }>(node, 'RangeVar')
  return range === undefined ? nameWords(node) : [range.schemaname ?? '', range.relname ?? '']
}

const readers: Readonly<Record<string, Reader>> = {
  AlterTableStmt: reader<AlterTableStmt>(({ relation, cmds }) =>
    allOf<AlterTableCmd>(cmds, 'AlterTableCmd').flatMap((command) => commandSays(relation?.relname, command)),
  ),
  CommentStmt: reader<CommentStmt>(({ object }) => [say('comment', wordsIn(object))]),
  GrantStmt: reader<GrantStmt>(({ objects = [], targtype, privileges, is_grant: isGrant = false }) => {
    const columns = allOf<AccessPriv>(privileges, 'AccessPriv').flatMap(({ cols }) => words(cols))
    const options = isGrant ? [] : ['revoke']
    return objects.map((object) =>
      targtype === 'ACL_TARGET_ALL_IN_SCHEMA'
        ? say('grant', ['*'], options)
        : say('grant', [...wordsIn(object), ...columns], options),
    )
  }),
  AlterDefaultPrivilegesStmt: () => [say('default privileges', ['*'])],
  AlterOwnerStmt: reader<AlterOwnerStmt>(({ object, relation }) => [
    say('owner', [...wordsIn(object), relation?.relname]),
  ]),
  ReassignOwnedStmt: () => [say('owner', ['*'])],
  DropOwnedStmt: () =>
    (['grant', 'owner', 'default privileges', 'drop', 'policy'] as const).map((one) => say(one, ['*'])),
  DropRoleStmt: reader<DropRoleStmt>(({ roles }) =>
    allOf<RoleSpec>(roles, 'RoleSpec').map(({ rolename }) => say('role', [rolename])),
  ),
  DropStmt: reader<DropStmt>(({ objects = [] }) => objects.map((object) => say('drop', wordsIn(object)))),
  RenameStmt: reader<RenameStmt>(({ relation, subname, object, newname }) => [
    say('drop', [relation?.relname, subname, ...wordsIn(object)]),
    {
      ...say('new name', [relation?.relname, newname]),
      renamed: { from: subname ?? relation?.relname ?? wordsIn(object).at(-1) ?? '', to: newname ?? '' },
    },
  ]),
  AlterSeqStmt: reader<AlterSeqStmt>(({ sequence }) => [say('sequence', [sequence?.relname])]),
  // the tree has TO PUBLIC and FOR ALL also where they are not written
  CreatePolicyStmt: reader<CreatePolicyStmt>(({ table, policy_name: name }, sql) => [
    say(
      'create policy',
      [table?.relname, name],
      ['to', 'for', 'as'].filter((word) => new RegExp(`\\b${word}\\b`, 'i').test(sql)),
    ),
  ]),
  AlterObjectSchemaStmt: reader<AlterObjectSchemaStmt>(({ relation, object }) => [
    say('drop', [relation?.relname, ...wordsIn(object)]),
  ]),
  ClusterStmt: reader<ClusterStmt>(({ relation }) => [say('clustered', [relation?.relname])]),
  AlterPolicyStmt: reader<AlterPolicyStmt>(({ table, policy_name: name }) => [
    say('policy', [table?.relname, name]),
  ]),
  AlterStatsStmt: reader<AlterStatsStmt>(({ defnames }) => [say('column attributes', words(defnames))]),
  AlterFunctionStmt: reader<AlterFunctionStmt>(({ func }) => [say('alter function', words(func?.objname))]),
  CreateFunctionStmt: reader<CreateFunctionStmt>(({ funcname, options, replace = false }) => [
    say('function', words(funcname), [
      ...allOf<DefElem>(options, 'DefElem').map(({ defname = '' }) => defname),
      ...(replace ? ['replace'] : []),
    ]),
  ]),
  ViewStmt: reader<ViewStmt>(({ view, replace = false, withCheckOption = 'NO_CHECK_OPTION' }) => [
    say(
      'view',
      [view?.relname],
      [...(replace ? ['replace'] : []), ...(withCheckOption === 'NO_CHECK_OPTION' ? [] : ['check_option'])],
    ),
  ]),
  CreateTrigStmt: reader<CreateTrigStmt>(({ relation, trigname, replace = false }) => [
    say('trigger', [relation?.relname, trigname], replace ? ['replace'] : []),
  ]),
}

/** What the subtypes of ALTER TABLE set, besides those with a column definition. */
const commands: Readonly<Record<string, Saying>> = {
  AT_SetStatistics: 'column attributes',
  AT_SetStorage: 'column attributes',
  AT_SetCompression: 'column attributes',
  AT_SetOptions: 'column attributes',
  AT_ResetOptions: 'column attributes',
  AT_ChangeOwner: 'owner',
  AT_ClusterOn: 'clustered',
  AT_DropCluster: 'clustered',
  AT_ReplicaIdentity: 'replica identity',
  AT_SetRelOptions: 'options',
  AT_ResetRelOptions: 'options',
  AT_ReplaceRelOptions: 'options',
  AT_DropColumn: 'drop',
  AT_DropConstraint: 'drop',
  AT_AlterConstraint: 'constraint',
  AT_ColumnDefault: 'default',
  AT_DropNotNull: 'not null',
}

function commandSays(
  table: string | undefined,
  { subtype = 'AT_AddColumn', name, def }: AlterTableCmd,
): readonly Read[] {
  const column = as<ColumnDef>(def, 'ColumnDef')
  if (subtype === 'AT_AlterColumnType')
    return [
      say('type', [table, name]),
      ...(column?.collClause === undefined ? [] : [say('collation', [table, name])]),
    ]
  if (subtype === 'AT_AddColumn' && (column?.storage_name ?? column?.compression) !== undefined)
    return [say('column attributes', [table, column?.colname])]
  if (/^AT_(?:Enable|Disable)(?:\w*)(?:Trig|Rule)/.test(subtype))
    return [say('trigger state', [table, /Trig(?:All|User)$/.test(subtype) ? '*' : name])]
  const saying = commands[subtype]
  // columns of an index have numbers
  return saying === undefined ? [] : [say(saying, [table, name])]
}
