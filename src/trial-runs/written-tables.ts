/** The tables whose rows are compared when a migration has been broken off and run again. */
import type { Statement } from '../core/model.ts'
import type { ReplayedMigration } from '../replay/replay.ts'
import type { NamedTable } from '../replay/table-contents.ts'
import { walk } from '../sql/ast.ts'
import { statementTrees } from '../sql/routine-body.ts'

/** Those that the statements write to by their own words; what triggers write besides is theirs. */
export function tablesOf({ statements }: ReplayedMigration): readonly NamedTable[] {
  const tables = new Map<string, NamedTable>()
  for (const { statement, effects } of statements) {
    const named = writtenBy(statement)
    // what a procedure writes is not in the text
    const isTold = statement.tag !== 'CallStmt' && statement.tag !== 'SelectStmt'
    const measured = effects.flatMap((effect) => (effect.kind === 'write' ? [effect.relation] : []))
    const found = measured.filter(({ name }) => !isTold || named.some((one) => one.name === name))
    for (const { schema, name } of found.length > 0 ? found : named)
      tables.set(`${schema}.${name}`, { schema, name })
  }
  return [...tables.values()].slice(0, mostTables)
}

/** Tables that it names as what it writes to, in the code of DO as well; the schema is empty where it is left out. */
function writtenBy(statement: Statement): readonly NamedTable[] {
  const tables: NamedTable[] = []
  walk(statementTrees(statement), (tag, part) => {
    if (!writes.has(tag)) return
    const { relation } = part as { readonly relation?: { schemaname?: string; relname?: string } }
    if (relation?.relname !== undefined)
      tables.push({ schema: relation.schemaname ?? '', name: relation.relname })
  })
  return tables
}

const writes: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
])

const mostTables = 30
