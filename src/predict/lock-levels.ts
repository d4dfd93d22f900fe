import type { AlterTableCmd, Constraint, DefElem, Node, PartitionCmd } from '@pgsql/types'
import { lockStrength } from '../core/locks.ts'
import type { LockMode } from '../core/model.ts'
import { allOf, as } from '../sql/ast.ts'

/** The one lock that ALTER TABLE takes for all its commands (AlterTableGetLockLevel, tablecmds.c). */
export function alterTableLock(commands: readonly AlterTableCmd[]): LockMode {
  let strongest: LockMode = 'ShareUpdateExclusiveLock'
  for (const command of commands) {
    const mode = commandLock(command)
    if (lockStrength(mode) > lockStrength(strongest)) strongest = mode
  }
  return strongest
}

function commandLock(command: AlterTableCmd): LockMode {
  switch (command.subtype) {
    case 'AT_SetStatistics':
    case 'AT_ClusterOn':
    case 'AT_DropCluster':
    case 'AT_SetOptions':
    case 'AT_ResetOptions':
    case 'AT_ValidateConstraint':
    case 'AT_AttachPartition':
    case 'AT_DetachPartitionFinalize':
      return 'ShareUpdateExclusiveLock'
    case 'AT_EnableTrig':
    case 'AT_EnableAlwaysTrig':
    case 'AT_EnableReplicaTrig':
    case 'AT_EnableTrigAll':
    case 'AT_EnableTrigUser':
    case 'AT_DisableTrig':
    case 'AT_DisableTrigAll':
    case 'AT_DisableTrigUser':
      return 'ShareRowExclusiveLock'
    case 'AT_AddConstraint':
      return as<Constraint>(command.def, 'Constraint')?.contype === 'CONSTR_FOREIGN'
        ? 'ShareRowExclusiveLock'
        : 'AccessExclusiveLock'
    case 'AT_DetachPartition':
      return as<PartitionCmd>(command.def, 'PartitionCmd')?.concurrent === true
        ? 'ShareUpdateExclusiveLock'
        : 'AccessExclusiveLock'
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
    case 'AT_ReplaceRelOptions':
      return storageParameterLock(as<{ items?: Node[] }>(command.def, 'List')?.items)
    default:
      return 'AccessExclusiveLock'
  }
}

/** Parameters that are read while a query runs; reloptions.c gives all others ShareUpdateExclusiveLock. */
const exclusiveParameters: ReadonlySet<string> = new Set([
  'user_catalog_table',
  'security_barrier',
  'security_invoker',
  'check_option',
  'buffering',
  'fastupdate',
])

function storageParameterLock(options: readonly Node[] | undefined): LockMode {
  const isExclusive = allOf<DefElem>(options, 'DefElem').some(
    ({ defname = '', defnamespace }) => defnamespace === undefined && exclusiveParameters.has(defname),
  )
  return isExclusive ? 'AccessExclusiveLock' : 'ShareUpdateExclusiveLock'
}
