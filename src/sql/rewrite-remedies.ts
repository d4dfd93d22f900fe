import type { RefreshMatViewStmt } from '@pgsql/types'
import { relationKey } from '../core/effects.ts'
import type { CatalogIndex, Relation, Remedy, RewriteCause, Statement } from '../core/model.ts'
import { quoteIdent, quoteName } from './quote.ts'
import { step, stepOutsideTransaction } from './remedies.ts'
import { newColumnRemedy } from './new-column-remedy.ts'
import { newTypeRemedy, type TypeChange } from './new-type-remedy.ts'
import { alterActions, endOfName } from './statement-nodes.ts'

/** How to get the same result without writing the whole table while everybody waits; else what to decide. */
export function rewriteRemedy(change: TypeChange, cause: RewriteCause): Remedy {
  return whole(change, cause) ?? { summary: summaries[cause] ?? otherwise, migrations: [] }
}

function whole(change: TypeChange, cause: RewriteCause): Remedy | undefined {
  const { statement, settings, table, schema } = change
  switch (cause) {
    case 'column default':
      return newColumnRemedy(statement, settings, table, schema) ?? computedColumn(statement)
    case 'column type':
      return newTypeRemedy(change)
    case 'tablespace':
      return indexToTablespace(statement, table)
    case 'refresh':
      return refreshConcurrently(change)
    default:
      return undefined
  }
}

const repack =
  'only pg_repack does this with a short lock. Else plan a maintenance window, and accept the risk with an allow comment that names it.'

const otherwise =
  'Do it on a copy: create what is new beside the old, fill it in batches, and swap the names in one short transaction.'

const summaries: Readonly<Partial<Record<RewriteCause, string>>> = {
  'column default':
    'A domain with a constraint cannot be had without writing the table. Decide: its base type with the check as a constraint of the table, added NOT VALID and validated later; or a maintenance window.',
  'column type':
    'Keep a second column of the new type current with a trigger, fill it in batches, give it the indexes, default and constraints of the old one, and let it take its place in one short transaction.',
  'generated expression':
    'Add a second generated column by way of a plain one that a trigger fills, fill it in batches, and swap the names.',
  persistence:
    'Create a table with the wanted persistence, copy the rows in batches, and swap the names in one short transaction.',
  'access method': otherwise,
  tablespace: `The table stays locked until its last byte is copied: ${repack}`,
  'vacuum full': `VACUUM without FULL blocks nobody, and makes the space free for new rows of the table. To give it back to the disk, ${repack}`,
  cluster: `The order is lost again with every write. To sort the rows, ${repack}`,
  refresh:
    'Refreshing it concurrently blocks no reader, but needs a unique index on plain columns without WHERE: decide which columns are unique, and create that first.',
  'index rebuild':
    'Take indexes (DROP INDEX CONCURRENTLY) and CHECK constraints off the column first; the change then takes an instant. Build the indexes again concurrently, add the constraints again NOT VALID and validate them later. Queries do without these indexes meanwhile.',
}

/** No way leads from a plain column to a stored generated one. */
function computedColumn(statement: Statement): Remedy | undefined {
  if (!/\bgenerated\s+always\s+as\s*\(/i.test(statement.sql)) return undefined
  return {
    summary:
      'A stored generated column cannot be had without writing the table. Decide: VIRTUAL on PostgreSQL 18, which stores nothing; a plain column that a trigger keeps current and that is filled in batches; or a maintenance window.',
    migrations: [],
  }
}

/** ALTER INDEX … SET TABLESPACE as a concurrent rebuild in the other place (PostgreSQL 14). */
function indexToTablespace(statement: Statement, index: Relation): Remedy | undefined {
  const actions = alterActions(statement)
  const space = actions[0]?.command.name
  if (index.kind !== 'index' || actions.length !== 1 || space === undefined) return undefined
  return {
    summary: 'Build it anew concurrently in the other tablespace, outside a transaction.',
    migrations: [
      stepOutsideTransaction(
        `REINDEX (TABLESPACE ${quoteIdent(space)}) INDEX CONCURRENTLY ${quoteName(index)}`,
      ),
    ],
  }
}

/** Undefined where no index tells which row is which (matview.c: unique, not partial, plain columns only). */
function refreshConcurrently({ statement, table, schema }: TypeChange): Remedy | undefined {
  const { sql, node } = statement
  const location = (node as RefreshMatViewStmt | undefined)?.relation?.location
  const view = schema?.before.tables.find((one) => relationKey(one) === relationKey(table))
  if (location === undefined || view === undefined || !view.indexes.some(tellsRows)) return undefined
  return {
    summary: 'Refresh it concurrently, which readers do not notice.',
    migrations: [
      step(`REFRESH MATERIALIZED VIEW CONCURRENTLY ${sql.slice(location, endOfName(sql, location))}`),
    ],
  }
}

function tellsRows({ isUnique, isValid, predicate, keys }: CatalogIndex): boolean {
  return isUnique && isValid && predicate === undefined && keys.every(({ column }) => column !== undefined)
}
