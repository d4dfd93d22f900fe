import { quoteName } from './quote.ts'

/** The table of a batched statement. */
export interface BatchTarget {
  readonly relation: { readonly kind: string; readonly schema: string; readonly name: string }
  /** The name by which the statement's own text calls the table. */
  readonly alias?: string
}

const batchSize = 10_000

/**
 * A DO block that updates the rows for which `condition` holds, in batches that commit one by one.
 * `assignments` must make `condition` false, or it never ends. Runs only outside a transaction block.
 */
export function batchedUpdate(target: BatchTarget, assignments: string, condition: string): string {
  return batches(target, `UPDATE ${named(target)}\n    SET ${assignments}`, condition)
}

/** A DO block that deletes the rows for which `condition` holds, as {@link batchedUpdate}. */
export function batchedDelete(target: BatchTarget, condition: string): string {
  return batches(target, `DELETE FROM ${named(target)}`, condition)
}

function named({ relation, alias }: BatchTarget): string {
  return alias === undefined ? quoteName(relation) : `${quoteName(relation)} AS ${alias}`
}

/**
 * By ctid, which every table has; `= ANY (ARRAY(…))` becomes a Tid Scan. A ctid is unique only within one
 * partition, so partitioned tables are matched by tableoid as well.
 */
function batches(target: BatchTarget, command: string, condition: string): string {
  const row = target.alias === undefined ? '' : `${target.alias}.`
  const partitioned = target.relation.kind === 'partitioned table'
  const rows = partitioned ? `(${row}tableoid, ${row}ctid)` : `${row}ctid`
  const chosen = partitioned ? `${row}tableoid, ${row}ctid` : `${row}ctid`
  const list = [
    `      SELECT ${chosen} FROM ${named(target)}`,
    `      WHERE ${condition}`,
    `      LIMIT ${batchSize} FOR UPDATE`,
  ].join('\n')
  const where = partitioned ? `${rows} IN (\n${list})` : `${rows} = ANY (ARRAY(\n${list}))`
  const tag = [command, condition].some((text) => text.includes('$$')) ? '$batch$' : '$$'
  return [
    `DO ${tag}`,
    'BEGIN',
    '  LOOP',
    `    ${command}`,
    `    WHERE ${where};`,
    '    EXIT WHEN NOT FOUND;',
    '    COMMIT;',
    '  END LOOP;',
    `END ${tag}`,
  ].join('\n')
}
