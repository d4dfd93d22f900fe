import type { AlterTableCmd, DefElem, Node, ReplicaIdentityStmt } from '@pgsql/types'
import { allOf, as, literalText, words } from './ast.ts'
import {
  isIndex,
  isTable,
  isView,
  type RelationId,
  type TableRecord,
  type Trigger,
  type ViewRecord,
} from './schema-records.ts'
import { editTable, type ChangeScope } from './schema-scope.ts'

/** Row security, triggers that are switched on and off, replica identity and options of a table. */
export function alterProperties(
  scope: ChangeScope,
  table: TableRecord,
  command: AlterTableCmd,
  recurse: boolean,
): void {
  const security = rowSecurity[command.subtype ?? '']
  if (security !== undefined) {
    editTable(scope.schema, table.id, (current) => ({
      ...current,
      rowSecurity: { enabled: false, forced: false, ...current.rowSecurity, ...security },
    }))
    return
  }
  const switched = firing[command.subtype ?? '']
  if (switched !== undefined) return switchTriggers(scope, table, command, switched, recurse)
  if (command.subtype === 'AT_ReplicaIdentity') return setReplicaIdentity(scope, table, command)
  alterOptions(scope, table, command)
}

const rowSecurity: Readonly<Record<string, Partial<NonNullable<TableRecord['rowSecurity']>>>> = {
  AT_EnableRowSecurity: { enabled: true },
  AT_DisableRowSecurity: { enabled: false },
  AT_ForceRowSecurity: { forced: true },
  AT_NoForceRowSecurity: { forced: false },
}

type Firing = NonNullable<Trigger['firing']> | 'enabled'

const firing: Readonly<Record<string, Firing>> = {
  AT_EnableTrig: 'enabled',
  AT_EnableTrigAll: 'enabled',
  AT_EnableTrigUser: 'enabled',
  AT_EnableAlwaysTrig: 'always',
  AT_EnableReplicaTrig: 'replica',
  AT_DisableTrig: 'disabled',
  AT_DisableTrigAll: 'disabled',
  AT_DisableTrigUser: 'disabled',
}

/** On the table and its partitions (EnableDisableTrigger, trigger.c); ALL means the triggers of foreign keys too. */
function switchTriggers(
  scope: ChangeScope,
  table: TableRecord,
  command: AlterTableCmd,
  to: Firing,
  recurse: boolean,
): void {
  const { subtype = 'AT_EnableTrig', name = '' } = command
  const isAll = subtype === 'AT_EnableTrigAll' || subtype === 'AT_DisableTrigAll'
  editTable(scope.schema, table.id, (current) => ({
    ...current,
    triggers: current.triggers.map((trigger) =>
      name !== '' && trigger.name !== name ? trigger : withFiring(trigger, to),
    ),
    ...(isAll ? { disabledKeys: to === 'disabled' ? keysOf(scope, current) : [] } : {}),
  }))
  if (!recurse || table.kind !== 'partitioned table') return
  for (const child of scope.schema.tables(table.children)) switchTriggers(scope, child, command, to, true)
}

function withFiring({ firing: _firing, ...trigger }: Trigger, to: Firing): Trigger {
  return to === 'enabled' ? trigger : { ...trigger, firing: to }
}

/** Foreign keys that have triggers on the table: its own, and those that point to it. */
function keysOf({ schema }: ChangeScope, table: TableRecord): readonly string[] {
  const own = table.constraints.filter(({ kind }) => kind === 'foreign key')
  const toIt = schema
    .tables(table.referencedBy)
    .flatMap(({ constraints }) =>
      constraints.filter((one) => one.kind === 'foreign key' && one.table === table.id),
    )
  return [...new Set([...own, ...toIt].map(({ name }) => name))].toSorted()
}

function setReplicaIdentity({ schema }: ChangeScope, table: TableRecord, command: AlterTableCmd): void {
  const statement = as<ReplicaIdentityStmt>(command.def, 'ReplicaIdentityStmt')
  const index = schema.at(table.schema, statement?.name ?? '')
  editTable(schema, table.id, ({ replicaIdentity: _before, ...current }) => {
    switch (statement?.identity_type) {
      case 'f':
        return { ...current, replicaIdentity: 'full' }
      case 'n':
        return { ...current, replicaIdentity: 'nothing' }
      case 'i':
        return isIndex(index) ? { ...current, replicaIdentity: { index: index.id } } : current
      default:
        return current
    }
  })
}

/** ALTER … SET (…) and RESET (…). */
export function alterOptions(
  { schema }: ChangeScope,
  record: TableRecord | ViewRecord,
  command: AlterTableCmd,
): void {
  if (command.subtype !== 'AT_SetRelOptions' && command.subtype !== 'AT_ResetRelOptions') return
  const said = allOf<DefElem>(as<{ items?: Node[] }>(command.def, 'List')?.items, 'DefElem')
  const names = new Set(said.map(nameOf))
  const kept = (record.options ?? []).filter((option) => !names.has(option.slice(0, option.indexOf('='))))
  const set = command.subtype === 'AT_SetRelOptions' ? said.map(optionOf) : []
  schema.put({ ...record, options: [...kept, ...set].toSorted() })
}

/** WITH (…) of CREATE. */
export function setOptions(
  { schema }: ChangeScope,
  id: RelationId,
  options: readonly Node[] | undefined,
): void {
  const record = schema.relation(id)
  const said = allOf<DefElem>(options, 'DefElem')
  if (said.length === 0 || !(isTable(record) || isView(record))) return
  schema.put({ ...record, options: said.map(optionOf).toSorted() })
}

function nameOf({ defname = '', defnamespace }: DefElem): string {
  return defnamespace === undefined ? defname : `${defnamespace}.${defname}`
}

/** As transformRelOptions() keeps it (reloptions.c): a name alone is true. */
function optionOf(option: DefElem): string {
  const { arg } = option
  const value = arg === undefined ? 'true' : (plainText(arg) ?? words([arg])[0] ?? '')
  return `${nameOf(option)}=${value}`
}

function plainText(node: Node): string | undefined {
  const number = as<{ ival?: number }>(node, 'Integer')
  if (number !== undefined) return String(number.ival ?? 0)
  const float = as<{ fval?: string }>(node, 'Float')?.fval
  const boolean = as<{ boolval?: boolean }>(node, 'Boolean')
  if (boolean !== undefined) return String(boolean.boolval === true)
  return float ?? literalText(node)
}
