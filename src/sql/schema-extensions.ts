import type { CreateExtensionStmt, DefElem } from '@pgsql/types'
import { allOf, words } from './ast.ts'
import type { ChangeScope } from './schema-scope.ts'

/** CREATE EXTENSION. Which schema it chooses by itself its control file says, which nobody has here. */
export function createExtension(scope: ChangeScope, statement: CreateExtensionStmt): void {
  const { extname: name = '' } = statement
  if (scope.schema.extension(name) !== undefined) return
  const option = allOf<DefElem>(statement.options, 'DefElem').find(({ defname }) => defname === 'schema')
  const schema = option?.arg === undefined ? undefined : words([option.arg])[0]
  scope.schema.putExtension(schema === undefined ? { name } : { name, schema })
}
