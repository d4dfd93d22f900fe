import type {
  AlterPublicationStmt,
  CreatePublicationStmt,
  DefElem,
  Node,
  PublicationObjSpec,
} from '@pgsql/types'
import { allOf, literalText, words } from './ast.ts'
import type { PublicationRecord, RelationId } from './schema-records.ts'
import { tableNamed, type ChangeScope } from './schema-scope.ts'

/** CREATE PUBLICATION. */
export function createPublication(scope: ChangeScope, statement: CreatePublicationStmt): void {
  const { pubname: name = '', for_all_tables: allTables = false, options, pubobjects } = statement
  const { tables, schemas } = objectsOf(scope, pubobjects)
  const publishes = operationsOf(options) ?? operations
  scope.schema.putPublication({ name, allTables, publishes, tables, schemas })
}

/** ALTER PUBLICATION … SET (publish = …), ADD, DROP and SET TABLE. */
export function alterPublication(scope: ChangeScope, statement: AlterPublicationStmt): void {
  const found = scope.schema.publication(statement.pubname ?? '')
  if (found === undefined) return
  if (statement.pubobjects === undefined) {
    const publishes = operationsOf(statement.options)
    return publishes === undefined ? undefined : scope.schema.putPublication({ ...found, publishes })
  }
  const { tables, schemas } = objectsOf(scope, statement.pubobjects)
  switch (statement.action) {
    case 'AP_DropObjects':
      return scope.schema.putPublication({
        ...found,
        tables: found.tables.filter((id) => !tables.includes(id)),
        schemas: found.schemas.filter((name) => !schemas.includes(name)),
      })
    case 'AP_SetObjects':
      return scope.schema.putPublication({ ...found, tables, schemas })
    default:
      return scope.schema.putPublication({
        ...found,
        tables: [...new Set([...found.tables, ...tables])],
        schemas: [...new Set([...found.schemas, ...schemas])],
      })
  }
}

const operations: PublicationRecord['publishes'] = ['insert', 'update', 'delete', 'truncate']

/** Undefined where `publish` is not said. */
function operationsOf(options: readonly Node[] | undefined): PublicationRecord['publishes'] | undefined {
  const option = allOf<DefElem>(options, 'DefElem').find(({ defname }) => defname === 'publish')
  if (option === undefined) return undefined
  const text = literalText(option.arg) ?? words([option.arg ?? { String: {} }])[0] ?? ''
  const said = new Set(text.split(',').map((word) => word.trim().toLowerCase()))
  return operations.filter((operation) => said.has(operation))
}

function objectsOf(
  scope: ChangeScope,
  nodes: readonly Node[] | undefined,
): { readonly tables: readonly RelationId[]; readonly schemas: readonly string[] } {
  const objects = allOf<PublicationObjSpec>(nodes, 'PublicationObjSpec')
  return {
    tables: objects.flatMap(({ pubtable }) => tableNamed(scope, pubtable?.relation)?.id ?? []),
    schemas: objects.flatMap((object) => {
      if (object.pubobjtype === 'PUBLICATIONOBJ_TABLES_IN_CUR_SCHEMA') return [scope.path[0] ?? 'public']
      return object.pubobjtype === 'PUBLICATIONOBJ_TABLES_IN_SCHEMA' ? [object.name ?? ''] : []
    }),
  }
}
