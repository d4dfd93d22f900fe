import type { PartitionCmd } from '@pgsql/types'
import type { Relation, Remedy, SchemaCatalogs, Statement, StatementSettings } from '../core/model.ts'
import { tableBefore } from './added-names.ts'
import { as } from './ast.ts'
import { chooseName } from './names.ts'
import { objectName, quoteIdent, quoteName } from './quote.ts'
import { step, stepOutsideTransaction, stepWithLockTimeout, type RemedyStep } from './remedies.ts'
import { alterActions, endOfName, nodeOf } from './statement-nodes.ts'
import { isWord, splitAtCommas, tokenize } from './tokens.ts'

/**
 * CREATE TABLE … PARTITION OF as a table of its own that is attached afterwards. Undefined where the statement says
 * more than bounds: columns, constraints, storage, or a partitioned partition.
 */
export function createAndAttachSql(statement: Statement): readonly string[] | undefined {
  const node = nodeOf(statement, 'CreateStmt')
  const { sql } = statement
  const child = node?.relation?.location
  const parent = parentLocation(statement)
  if (node?.partbound === undefined || child === undefined || parent === undefined) return undefined
  if (node.tableElts !== undefined || node.partspec !== undefined || node.options !== undefined)
    return undefined
  if (node.tablespacename !== undefined || node.accessMethod !== undefined) return undefined
  const childName = sql.slice(child, endOfName(sql, child))
  const parentEnd = endOfName(sql, parent)
  const parentName = sql.slice(parent, parentEnd)
  const bounds = sql.slice(parentEnd).trim()
  if (!isWord(tokenize(bounds)[0], 'FOR') && !isWord(tokenize(bounds)[0], 'DEFAULT')) return undefined
  return [
    // attaching a table that has an identity column of its own fails since PostgreSQL 17
    `CREATE TABLE ${childName} (LIKE ${parentName} INCLUDING ALL EXCLUDING IDENTITY)`,
    `ALTER TABLE ${parentName} ATTACH PARTITION ${childName} ${bounds}`,
  ]
}

function parentLocation(statement: Statement): number | undefined {
  const [parent] = nodeOf(statement, 'CreateStmt')?.inhRelations ?? []
  return as<{ location?: number }>(parent, 'RangeVar')?.location
}

/** An ATTACH PARTITION or DETACH PARTITION, which stands alone in its ALTER TABLE. */
export function partitionCommand(
  statement: Statement,
): { readonly kind: 'attach' | 'detach'; readonly command: PartitionCmd } | undefined {
  const [action] = alterActions(statement)
  const command = as<PartitionCmd>(action?.command.def, 'PartitionCmd')
  if (command === undefined || action === undefined) return undefined
  if (action.command.subtype === 'AT_AttachPartition') return { kind: 'attach', command }
  return action.command.subtype === 'AT_DetachPartition' ? { kind: 'detach', command } : undefined
}

/**
 * DETACH … CONCURRENTLY, and without the CHECK that it leaves on the partition in the bounds' place, unless others imply
 * it (DetachAddConstraintIfNeeded, tablecmds.c); the plain DETACH leaves none. Without `partition` CONCURRENTLY is refused.
 */
export function detachRemedy(
  statement: Statement,
  settings: StatementSettings,
  partition: Relation | undefined,
  parent: Relation | undefined,
  schema: SchemaCatalogs | undefined,
): Remedy {
  if (partition === undefined) {
    return {
      summary:
        'DETACH … CONCURRENTLY is not possible while there is a default partition: bound the wait with a lock_timeout.',
      migrations: [stepWithLockTimeout(settings, statement.sql)],
    }
  }
  const key = parent?.partitionKey
  const summary = 'Detach it concurrently, outside a transaction.'
  const detach = stepOutsideTransaction(`${statement.sql} CONCURRENTLY`)
  const names = new Set(tableBefore(schema, partition)?.constraints.map(({ name }) => name))
  const added = chooseName(partition.name, key?.column, 'check', (name) => names.has(name))
  // over several columns it has another name
  if (key === undefined) return { summary, migrations: [detach] }
  const drop = `ALTER TABLE ${quoteName(partition)} DROP CONSTRAINT IF EXISTS ${quoteIdent(added)}`
  return { summary, migrations: [detach, stepWithLockTimeout(settings, drop)] }
}

/** Tables that a partition change would read, and what has to be proven about each. */
export interface ToProve {
  readonly table: Relation
  /** `inside`: what is attached lies within the bounds; `outside`: the rows of the default partition do not. */
  readonly rows: 'inside' | 'outside'
}

/**
 * Validated CHECKs that spare a partition change its scans, the change itself, and the CHECKs' removal. Undefined
 * where the bounds do not come down to one plain column.
 */
export function provenPartitionSteps(
  statement: Statement,
  settings: StatementSettings,
  key: Relation['partitionKey'],
  tables: readonly ToProve[],
): readonly RemedyStep[] | undefined {
  const bounds = boundsText(statement)
  const condition = bounds === undefined || key === undefined ? undefined : boundCondition(bounds, key)
  const change = partitionCommand(statement) === undefined ? createAndAttachSql(statement) : [statement.sql]
  if (condition === undefined || key === undefined || change === undefined) return undefined
  const checks = tables.map(({ table, rows }) => {
    const head = `ALTER TABLE ${quoteName(table)}`
    const name = quoteIdent(objectName(table.name, rows === 'inside' ? 'in_bounds' : 'out_of_bounds'))
    const proven =
      rows === 'inside' ? `${quoteIdent(key.column)} IS NOT NULL AND ${condition}` : `NOT (${condition})`
    return { head, name, add: `${head} ADD CONSTRAINT ${name} CHECK (${proven}) NOT VALID` }
  })
  return [
    ...checks.map(({ add }) => stepWithLockTimeout(settings, add)),
    step(...checks.map(({ head, name }) => `${head} VALIDATE CONSTRAINT ${name}`)),
    stepWithLockTimeout(settings, ...change),
    ...checks.map(({ head, name }) => stepWithLockTimeout(settings, `${head} DROP CONSTRAINT ${name}`)),
  ]
}

/** `FOR VALUES …` of PARTITION OF or ATTACH PARTITION. */
export function boundsText(statement: Statement): string | undefined {
  const named = partitionCommand(statement)?.command.name?.location ?? parentLocation(statement)
  return named === undefined ? undefined : statement.sql.slice(endOfName(statement.sql, named)).trim()
}

/** True for the rows within bounds over one column; undefined where they do not come down to that. */
export function boundCondition(
  bounds: string,
  key: NonNullable<Relation['partitionKey']>,
): string | undefined {
  const column = quoteIdent(key.column)
  const [first, second] = parenthesised(bounds)
  if (first === undefined) return undefined
  if (key.strategy === 'list') {
    const takesNull = splitAtCommas(first).some((value) => value.toLowerCase() === 'null')
    return takesNull ? undefined : `${column} IN (${first})`
  }
  const lower = /^minvalue$/i.test(first) ? [] : [`${column} >= ${first}`]
  const upper = second === undefined || /^maxvalue$/i.test(second) ? [] : [`${column} < ${second}`]
  const parts = [...lower, ...upper]
  return parts.length === 0 ? undefined : parts.join(' AND ')
}

/** The texts between outermost parentheses. */
export function parenthesised(text: string): readonly string[] {
  const found: string[] = []
  let depth = 0
  let start = 0
  for (const token of tokenize(text)) {
    if (token.text === '(') {
      if (depth === 0) start = token.end
      depth += 1
    } else if (token.text === ')') {
      depth -= 1
      if (depth === 0) found.push(text.slice(start, token.start).trim())
    }
  }
  return found
}
