import type { AlterTableStmt } from '@pgsql/types'
import { relationName } from '../sql/names.ts'
import { predictAlterTable } from './alter-table.ts'
import type { PredictContext, Predictor } from './context.ts'
import { predictCreateIndex } from './create-index.ts'
import { predictCreateForeignTable, predictCreateTable } from './create-table.ts'
import { predictCopy, predictCursor, predictExplain, predictPrepare, predictStatement } from './dml.ts'
import { predictDrop } from './drop.ts'
import { refuseInBlock } from './known-forms.ts'
import { predictCluster, predictReindex, predictVacuum } from './maintenance.ts'
import {
  predictAlterSequence,
  predictAlterType,
  predictComment,
  predictCreateFunction,
  predictCreateSequence,
  predictDepends,
  predictDomain,
  predictGrant,
  predictLock,
  predictPolicy,
  predictPublication,
  predictRule,
  predictStatistics,
  predictTrigger,
  predictTruncate,
  schemaElements,
} from './misc.ts'
import { predictCall, predictDo } from './nested.ts'
import { predictOwner, predictRename, predictSetSchema } from './rename.ts'
import { predictRefresh, predictTableAs, predictView } from './views.ts'

/** What each kind of statement does; kinds that are missing here lock no relation. */
const predictors: Readonly<Record<string, Predictor>> = {
  AlterTableStmt: (context, node) => {
    const { objtype } = node as AlterTableStmt
    if (objtype === 'OBJECT_TYPE') predictAlterType(context, node)
    else if (objtype === 'OBJECT_SEQUENCE') alterSequenceStorage(context, node as AlterTableStmt)
    else predictAlterTable(context, node)
  },
  CreateStmt: predictCreateTable,
  CreateForeignTableStmt: predictCreateForeignTable,
  CreateTableAsStmt: predictTableAs,
  IndexStmt: predictCreateIndex,
  DropStmt: predictDrop,
  RenameStmt: predictRename,
  AlterObjectSchemaStmt: predictSetSchema,
  AlterOwnerStmt: predictOwner,
  TruncateStmt: predictTruncate,
  ViewStmt: predictView,
  RefreshMatViewStmt: predictRefresh,
  VacuumStmt: predictVacuum,
  ClusterStmt: predictCluster,
  ReindexStmt: predictReindex,
  LockStmt: predictLock,
  CommentStmt: predictComment,
  GrantStmt: predictGrant,
  CreateStatsStmt: predictStatistics,
  CreatePublicationStmt: predictPublication,
  AlterPublicationStmt: predictPublication,
  AlterSeqStmt: predictAlterSequence,
  CreateSeqStmt: predictCreateSequence,
  CreatePolicyStmt: predictPolicy,
  AlterPolicyStmt: predictPolicy,
  RuleStmt: predictRule,
  CreateTrigStmt: predictTrigger,
  CreateFunctionStmt: predictCreateFunction,
  AlterObjectDependsStmt: predictDepends,
  AlterDomainStmt: predictDomain,
  SelectStmt: predictStatement('SelectStmt'),
  InsertStmt: predictStatement('InsertStmt'),
  UpdateStmt: predictStatement('UpdateStmt'),
  DeleteStmt: predictStatement('DeleteStmt'),
  MergeStmt: predictStatement('MergeStmt'),
  CopyStmt: predictCopy,
  ExplainStmt: predictExplain,
  PrepareStmt: predictPrepare,
  DeclareCursorStmt: predictCursor,
  ExecuteStmt: (context) => {
    context.effects.unknown ??= 'EXECUTE runs a statement that was prepared elsewhere'
  },
  DropOwnedStmt: (context) => {
    context.effects.unknown ??= 'DROP OWNED drops whatever the role owns or was granted'
  },
  ReassignOwnedStmt: (context) => {
    context.effects.unknown ??= 'REASSIGN OWNED alters whatever the role owns'
  },
  DoStmt: predictDo,
  CallStmt: predictCall,
  CreateSchemaStmt: (context, node) => {
    for (const { tag, value } of schemaElements(node)) predictors[tag]?.(context, value)
  },
  CreatedbStmt: (context) => void refuseInBlock(context, 'CREATE DATABASE'),
  DropdbStmt: (context) => void refuseInBlock(context, 'DROP DATABASE'),
  CreateTableSpaceStmt: (context) => void refuseInBlock(context, 'CREATE TABLESPACE'),
  DropTableSpaceStmt: (context) => void refuseInBlock(context, 'DROP TABLESPACE'),
  AlterSystemStmt: (context) => void refuseInBlock(context, 'ALTER SYSTEM'),
  DiscardStmt: (context, node) => {
    if ((node as { target?: string }).target === 'DISCARD_ALL') refuseInBlock(context, 'DISCARD ALL')
  },
}

/** Says what a statement does to the schema as it is now; changes nothing. */
export function predict(context: PredictContext, tag: string, node: object): void {
  predictors[tag]?.(context, node)
}

/** ALTER SEQUENCE … OWNER TO, SET LOGGED: written as ALTER TABLE. */
function alterSequenceStorage(context: PredictContext, { relation }: AlterTableStmt): void {
  const found =
    relation === undefined ? undefined : context.schema.lookup(relationName(relation), context.path)
  if (found !== undefined) context.effects.lock(found, 'AccessExclusiveLock', 'alter sequence owner')
}
