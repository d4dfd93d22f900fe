/** Names of relations that a statement makes, changes or drops. */
import type { DropStmt, Node, RangeVar, VariableSetStmt } from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { nameWords } from './ast.ts'

/** Where the relation stands in the trees of statements that define something. */
const places: Readonly<Record<string, string>> = {
  CreateStmt: 'relation',
  AlterTableStmt: 'relation',
  IndexStmt: 'relation',
  RenameStmt: 'relation',
  AlterObjectSchemaStmt: 'relation',
  ViewStmt: 'view',
  CreateSeqStmt: 'sequence',
  AlterSeqStmt: 'sequence',
  RefreshMatViewStmt: 'relation',
  CreateTrigStmt: 'relation',
  CreatePolicyStmt: 'table',
  AlterPolicyStmt: 'table',
}

const droppedRelations: ReadonlySet<string> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_INDEX',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
])

/** Those that CREATE, ALTER and DROP name without a schema; temporary ones, which cannot have one, left out. */
export function unqualifiedNames({ tag, node }: Statement): readonly string[] {
  if (node === undefined) return []
  if (tag === 'DropStmt') return namesDropped(node as DropStmt)
  const place = tag === 'CreateTableAsStmt' ? 'into' : places[tag]
  const value =
    place === undefined ? undefined : (node[place] as { readonly rel?: RangeVar } | RangeVar | undefined)
  const relation = value !== undefined && 'rel' in value ? value.rel : (value as RangeVar | undefined)
  if (relation?.relname === undefined || relation.schemaname !== undefined || relation.relpersistence === 't')
    return []
  return [relation.relname]
}

function namesDropped({ removeType, objects = [] }: DropStmt): readonly string[] {
  if (removeType === undefined || !droppedRelations.has(removeType)) return []
  return objects.flatMap((object: Node) => {
    const words = nameWords(object)
    return words.length === 1 ? words : []
  })
}

/** The setting that SET or SET LOCAL gives, in lower case; undefined for other statements. */
export function settingGiven({ tag, node }: Statement): string | undefined {
  if (tag !== 'VariableSetStmt') return undefined
  return (node as VariableSetStmt | undefined)?.name?.toLowerCase()
}
