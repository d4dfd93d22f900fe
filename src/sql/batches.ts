import { isWord, tokenize } from './tokens.ts'
import { dollarTag, quoteIdent, quoteLiteral, quoteName } from './quote.ts'

/** The table of a batched statement. */
export interface BatchTarget {
  readonly relation: { readonly kind: string; readonly schema: string; readonly name: string }
  /** The name by which the statement's own text calls the table. */
  readonly alias?: string
  /** Columns that are unique together and never NULL; absent: none are known. */
  readonly key?: readonly string[]
  /** FROM of an UPDATE, USING of a DELETE: the rest of the clause, as written. */
  readonly joins?: string
}

/** Keys of one batch, and blocks where there is no key. */
const batchRows = 10_000
const batchBlocks = 1000

/**
 * A DO block that updates the rows for which the conditions hold, in batches that commit one by one. It goes through the
 * rows that are there when it begins, once, so it ends; stopped, it keeps what it did; run again, it leaves the rows
 * alone for which they no longer hold, so `assignments` should make one false. Runs only outside a transaction
 * block (COMMIT in DO; PostgreSQL 11).
 */
export function batchedUpdate(
  target: BatchTarget,
  assignments: string,
  conditions: readonly string[],
): string {
  const from = target.joins === undefined ? '' : `\nFROM ${target.joins}`
  return batches(target, `UPDATE ${named(target)}\nSET ${assignments}${from}`, conditions)
}

/** A DO block that deletes the rows for which the conditions hold, as {@link batchedUpdate}. */
export function batchedDelete(target: BatchTarget, conditions: readonly string[]): string {
  const using = target.joins === undefined ? '' : `\nUSING ${target.joins}`
  return batches(target, `DELETE FROM ${named(target)}${using}`, conditions)
}

function named({ relation, alias }: BatchTarget): string {
  return alias === undefined ? quoteName(relation) : `${quoteName(relation)} AS ${alias}`
}

function batches(target: BatchTarget, command: string, conditions: readonly string[]): string {
  const { key = [] } = target
  const lines =
    key.length > 0 ? byKey(target, key, command, conditions) : byBlocks(target, command, conditions)
  const tag = dollarTag('batch', lines.join('\n'))
  return [`DO ${tag}`, ...lines, `END ${tag}`].join('\n')
}

/** The table's name before a column, where a join could have the same column. */
function prefixOf({ relation, alias, joins }: BatchTarget): string {
  return joins === undefined ? '' : `${alias ?? quoteIdent(relation.name)}.`
}

/**
 * Ranges of a unique key. Rows that are inserted behind its last value meanwhile are not waited for, or it might never
 * end. Variables are records, so that no column is mistaken for one.
 */
function byKey(
  target: BatchTarget,
  key: readonly string[],
  command: string,
  conditions: readonly string[],
): readonly string[] {
  const table = quoteName(target.relation)
  const names = key.map(quoteIdent)
  const columns = names.join(', ')
  const of = (record: string): string => row(names.map((name) => `${record}.${name}`))
  const descending = names.map((name) => `${name} DESC`).join(', ')
  const here = row(names)
  const range = `${row(names.map((name) => prefixOf(target) + name))} BETWEEN ${of('batch_first')} AND ${of('batch_last')}`
  return [
    'DECLARE',
    '  batch_first record;',
    '  batch_last record;',
    '  table_last record;',
    'BEGIN',
    `  SELECT ${columns} INTO table_last FROM ${table} ORDER BY ${descending} LIMIT 1;`,
    `  SELECT ${columns} INTO batch_first FROM ${table} ORDER BY ${columns} LIMIT 1;`,
    '  WHILE FOUND LOOP',
    `    SELECT ${columns} INTO batch_last FROM (`,
    `      SELECT ${columns} FROM ${table}`,
    `      WHERE ${here} BETWEEN ${of('batch_first')} AND ${of('table_last')}`,
    `      ORDER BY ${columns} LIMIT ${batchRows}`,
    `    ) AS batch ORDER BY ${descending} LIMIT 1;`,
    ...indented(command, 4),
    ...ended([`    WHERE ${range}`, ...conditions.map((condition) => `      AND ${grouped(condition)}`)]),
    '    COMMIT;',
    `    SELECT ${columns} INTO batch_first FROM ${table}`,
    `    WHERE ${here} > ${of('batch_last')} AND ${here} <= ${of('table_last')}`,
    `    ORDER BY ${columns} LIMIT 1;`,
    '  END LOOP;',
  ]
}

function row(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `(${values.join(', ')})`
}

/**
 * Ranges of blocks (Tid Range Scan; PostgreSQL 14), of all partitions at once. What others update meanwhile moves to
 * other blocks, so a pass that changed something is followed by another.
 */
function byBlocks(target: BatchTarget, command: string, conditions: readonly string[]): readonly string[] {
  const table = quoteLiteral(quoteName(target.relation))
  const ctid = `${prefixOf(target)}ctid`
  const measure =
    target.relation.kind === 'partitioned table'
      ? [
          "    SELECT coalesce(max(pg_relation_size(relid)), 0) / current_setting('block_size')::bigint,",
          `      greatest(${batchBlocks} / greatest(count(*), 1), 1) INTO table_blocks, batch_blocks`,
          `    FROM pg_partition_tree(${table}) WHERE isleaf;`,
        ]
      : [`    table_blocks := pg_relation_size(${table}) / current_setting('block_size')::bigint;`]
  return [
    'DECLARE',
    '  table_blocks bigint;',
    `  batch_blocks bigint := ${batchBlocks};`,
    '  batch_rows bigint;',
    '  pass_rows bigint;',
    'BEGIN',
    '  FOR batch_pass IN 1..10 LOOP',
    '    pass_rows := 0;',
    ...measure,
    '    FOR batch_number IN 0..table_blocks / batch_blocks LOOP',
    ...indented(command, 6),
    `      WHERE ${ctid} >= format('(%s,0)', batch_number * batch_blocks)::tid`,
    ...ended([
      `        AND ${ctid} < format('(%s,0)', (batch_number + 1) * batch_blocks)::tid`,
      ...conditions.map((condition) => `        AND ${grouped(condition)}`),
    ]),
    '      GET DIAGNOSTICS batch_rows = ROW_COUNT;',
    '      pass_rows := pass_rows + batch_rows;',
    '      COMMIT;',
    '    END LOOP;',
    '    EXIT WHEN pass_rows = 0;',
    '  END LOOP;',
  ]
}

/** In parentheses where AND would tear it apart. */
function grouped(condition: string): string {
  return tokenize(condition).some((token) => isWord(token, 'OR')) ? `(${condition})` : condition
}

function ended(lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => (index === lines.length - 1 ? `${line};` : line))
}

function indented(text: string, spaces: number): readonly string[] {
  // what stands in a literal or a name stays as it is
  if (tokenize(text).some((token) => token.text.includes('\n'))) return [`${' '.repeat(spaces)}${text}`]
  return text.split('\n').map((line) => ' '.repeat(spaces) + line)
}
