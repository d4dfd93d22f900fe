import { objectName, quoteIdent, quoteName } from '../sql/quote.ts'
import type { PlannedTable } from './planning-copy.ts'
import type { Candidate } from './recommend-candidates.ts'

/** More partitions than these are not written out one by one. */
const mostPartitions = 12

/** For trying it out: always with its schema, without a name. */
export function trialSql(candidate: Candidate, { schema, name }: PlannedTable): string {
  return `CREATE INDEX ON ${quoteIdent(schema)}.${quoteIdent(name)} ${definition(candidate)}`
}

/**
 * What the user can run, one statement a line. CONCURRENTLY does not exist for partitioned tables: there the index of the
 * parent alone, then those of the partitions one by one.
 */
export function adviceSql(candidate: Candidate, table: PlannedTable, all: readonly PlannedTable[]): string {
  // an expression has no statistics before
  const analyze = candidate.keys.some((key) => key.includes('(')) ? `;\nANALYZE ${quoteName(table)}` : ''
  return `${createSql(candidate, table, all)}${analyze}`
}

function createSql(candidate: Candidate, table: PlannedTable, all: readonly PlannedTable[]): string {
  const text = definition(candidate)
  if (table.kind !== 'partitioned table') return `CREATE INDEX CONCURRENTLY ON ${quoteName(table)} ${text}`
  const partitions = all.filter(({ partitionOf }) => partitionOf === table.oid)
  const isNested = partitions.some(({ kind }) => kind === 'partitioned table')
  if (isNested || partitions.length > mostPartitions) return `CREATE INDEX ON ${quoteName(table)} ${text}`
  const suffix = [...columnsOf(candidate), 'idx']
  const parent = nameOf(table.name, suffix)
  const steps = partitions.flatMap((partition) => {
    const part = nameOf(partition.name, suffix)
    const attached = quoteName({ schema: partition.schema, name: part })
    return [
      `CREATE INDEX CONCURRENTLY ${quoteIdent(part)} ON ${quoteName(partition)} ${text}`,
      `ALTER INDEX ${quoteName({ schema: table.schema, name: parent })} ATTACH PARTITION ${attached}`,
    ]
  })
  return [`CREATE INDEX ${quoteIdent(parent)} ON ONLY ${quoteName(table)} ${text}`, ...steps].join(';\n')
}

/** Names of its keys, for people: columns, or expressions as they are. */
export function columnsOf({ keys }: Candidate): readonly string[] {
  return keys.map((key) => key.replace(/ (?:gin_trgm_ops|jsonb_path_ops|text_pattern_ops)$/, ''))
}

/** As ChooseIndexName() makes them: cut so that the ending stays. */
function nameOf(table: string, suffix: readonly string[]): string {
  const ending = suffix.map((word) => word.replace(/\W+/g, '_').replace(/^_|_$/g, '')).join('_')
  return objectName(table.slice(0, Math.max(8, 62 - ending.length)), ending)
}

function definition({ method, keys, predicate }: Candidate): string {
  const using = method === 'btree' ? '' : `USING ${method} `
  return `${using}(${keys.join(', ')})${predicate === undefined ? '' : ` WHERE ${predicate}`}`
}
