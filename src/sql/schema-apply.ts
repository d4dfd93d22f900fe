import type {
  AlterDomainStmt,
  AlterEnumStmt,
  AlterFunctionStmt,
  AlterPolicyStmt,
  AlterPublicationStmt,
  AlterObjectSchemaStmt,
  AlterSeqStmt,
  AlterTableStmt,
  CompositeTypeStmt,
  CreateDomainStmt,
  CreateEnumStmt,
  CreateExtensionStmt,
  CreateForeignTableStmt,
  CreateFunctionStmt,
  CreatePolicyStmt,
  CreatePublicationStmt,
  CreateRangeStmt,
  CreateSchemaStmt,
  CreateSeqStmt,
  CreateStatsStmt,
  CreateStmt,
  CreateTableAsStmt,
  CreateTrigStmt,
  DefineStmt,
  DropStmt,
  IndexStmt,
  RenameStmt,
  RuleStmt,
  SelectStmt,
  RangeVar,
  ViewStmt,
} from '@pgsql/types'
import { unwrap, words } from './ast.ts'
import { nameFromWords, relationName } from './names.ts'
import { alterTable } from './schema-alter-table.ts'
import { createTable, createTableAs } from './schema-create-table.ts'
import { drop } from './schema-drop-statement.ts'
import { createIndex } from './schema-indexes.ts'
import { createExtension } from './schema-extensions.ts'
import { alterFunction, createFunction } from './schema-functions.ts'
import { alterPolicy, createPolicy } from './schema-policies.ts'
import { alterPublication, createPublication } from './schema-publications.ts'
import {
  alterDomain,
  alterEnum,
  alterSequence,
  createDomain,
  createSequence,
  createStatistics,
  createTrigger,
  createType,
} from './schema-objects.ts'
import { rename, setSchema } from './schema-rename.ts'
import { partOf, relationNamed, type ChangeScope } from './schema-scope.ts'
import { createMaterializedView, createView } from './schema-views.ts'

/**
 * Brings the schema to the state after the statement, and reports each change on the way. Statements that change
 * nothing the model keeps are ignored; so is what the server would refuse.
 */
export function applyStatement(scope: ChangeScope, tag: string, node: object): void {
  appliers[tag]?.(scope, node)
}

type Applier = (scope: ChangeScope, node: object) => void

const appliers: Readonly<Record<string, Applier>> = {
  CreateStmt: (scope, node) => createTable(scope, node as CreateStmt),
  CreateForeignTableStmt: (scope, node) =>
    createTable(scope, (node as CreateForeignTableStmt).base ?? {}, true),
  CreateTableAsStmt: (scope, node) => {
    const statement = node as CreateTableAsStmt
    if (statement.objtype === 'OBJECT_MATVIEW') createMaterializedView(scope, statement)
    else createTableAs(scope, statement)
  },
  SelectStmt: (scope, node) => {
    const { intoClause } = node as SelectStmt
    if (intoClause === undefined) return
    createTableAs(scope, { into: intoClause, query: { SelectStmt: node as SelectStmt } })
  },
  ViewStmt: (scope, node) => createView(scope, node as ViewStmt),
  IndexStmt: (scope, node) => void createIndex(scope, node as IndexStmt),
  AlterTableStmt: (scope, node) => {
    const statement = node as AlterTableStmt
    if (statement.objtype !== 'OBJECT_TYPE' && statement.objtype !== 'OBJECT_SEQUENCE') {
      alterTable(scope, statement)
    }
  },
  DropStmt: (scope, node) => drop(scope, node as DropStmt),
  RenameStmt: (scope, node) => rename(scope, node as RenameStmt),
  AlterObjectSchemaStmt: (scope, node) => setSchema(scope, node as AlterObjectSchemaStmt),
  CreateSeqStmt: (scope, node) => createSequence(scope, node as CreateSeqStmt),
  AlterSeqStmt: (scope, node) => alterSequence(scope, node as AlterSeqStmt),
  CreateEnumStmt: (scope, node) =>
    createType(
      scope,
      nameFromWords(words((node as CreateEnumStmt).typeName)),
      'enum',
      words((node as CreateEnumStmt).vals),
    ),
  CreateRangeStmt: (scope, node) =>
    createType(scope, nameFromWords(words((node as CreateRangeStmt).typeName)), 'range'),
  CompositeTypeStmt: (scope, node) =>
    createType(scope, relationName((node as CompositeTypeStmt).typevar ?? {}), 'composite'),
  DefineStmt: (scope, node) => {
    const statement = node as DefineStmt
    if (statement.kind === 'OBJECT_TYPE') createType(scope, nameFromWords(words(statement.defnames)), 'other')
  },
  CreateDomainStmt: (scope, node) => createDomain(scope, node as CreateDomainStmt),
  AlterDomainStmt: (scope, node) => alterDomain(scope, node as AlterDomainStmt),
  AlterEnumStmt: (scope, node) => alterEnum(scope, node as AlterEnumStmt),
  CreateFunctionStmt: (scope, node) => createFunction(scope, node as CreateFunctionStmt),
  AlterFunctionStmt: (scope, node) => alterFunction(scope, node as AlterFunctionStmt),
  CreateTrigStmt: (scope, node) => createTrigger(scope, node as CreateTrigStmt),
  CreateStatsStmt: (scope, node) => createStatistics(scope, node as CreateStatsStmt),
  CreateSchemaStmt: (scope, node) => createSchema(scope, node as CreateSchemaStmt),
  CreatePolicyStmt: (scope, node) => createPolicy(scope, node as CreatePolicyStmt),
  AlterPolicyStmt: (scope, node) => alterPolicy(scope, node as AlterPolicyStmt),
  CreateExtensionStmt: (scope, node) => createExtension(scope, node as CreateExtensionStmt),
  CreatePublicationStmt: (scope, node) => createPublication(scope, node as CreatePublicationStmt),
  AlterPublicationStmt: (scope, node) => alterPublication(scope, node as AlterPublicationStmt),
  RuleStmt: (scope, node) => {
    const { relation, rulename = '' } = node as RuleStmt
    reportPart(scope, relation, 'rule', rulename)
  },
}

function reportPart(scope: ChangeScope, relation: RangeVar | undefined, kind: string, name: string): void {
  const record = relationNamed(scope, relation)
  if (record !== undefined) scope.report?.(partOf(record, kind, name), false, { type: 'create' })
}

/** CREATE SCHEMA; the objects written inside it go into it. */
function createSchema(scope: ChangeScope, statement: CreateSchemaStmt): void {
  const name = statement.schemaname ?? statement.authrole?.rolename ?? ''
  if (scope.schema.isNewSchema(name) === undefined) {
    scope.schema.putSchema(name, scope.isUnderReview)
    scope.report?.({ kind: 'schema', schema: '', name }, false, { type: 'create' })
  }
  const inside: ChangeScope = { ...scope, path: [name, ...scope.path] }
  for (const element of statement.schemaElts ?? []) {
    const wrapped = unwrap(element)
    if (wrapped !== undefined) applyStatement(inside, wrapped.tag, wrapped.value)
  }
}
