import { ConfigError } from '../core/errors.ts'
import type { ColumnStatistics, TableFacts } from '../core/production.ts'
import { LineIndex } from '../sql/lines.ts'
import { splitScript } from '../sql/split.ts'
import { tokenize, type Token } from '../sql/tokens.ts'
import { estimateRows, type FileFacts } from './facts.ts'

const blockBytes = 8192

/** Column statistics of a relation, one list for itself and one with its children. */
interface Relation {
  readonly schema: string
  readonly name: string
  pages?: number
  rows?: number
  readonly own: ColumnStatistics[]
  readonly inherited: ColumnStatistics[]
}

/**
 * The facts in what `pg_dump --statistics-only` writes as plain text: calls of pg_restore_relation_stats() and
 * pg_restore_attribute_stats() with pairs of names and values (dumpRelationStats_dumper in pg_dump.c, 18). Read by
 * tokens and not by the parser: a database has a call per column, and 200,000 trees take half a minute.
 *
 * The kind of a relation is not in there: indexes come as if they were tables. TOAST is not in there either.
 * @throws {ConfigError} when there are no such calls, or one that cannot be read
 */
export function factsOfStatisticsDump(sql: string, name: string): FileFacts {
  const relations = new Map<string, Relation>()
  let version: number | undefined
  for (const { kind, start, end } of splitScript(sql).pieces) {
    if (kind !== 'statement') continue
    const call = readCall(sql.slice(start, end))
    if (call === undefined) continue
    const relation = relationOf(call, relations)
    if (relation === undefined) throw unreadable(sql, start, name)
    version ??= numberIn(call, 'version')
    if (call.isColumn) addColumn(call, relation)
    else addSize(call, relation)
  }
  if (relations.size === 0) {
    throw new ConfigError(`${name} holds neither a snapshot nor statistics.`, {
      hint: 'Expected what `pgrehearse snapshot` writes, or `pg_dump --statistics-only` of version 18 or later.',
    })
  }
  return {
    kind: 'statistics dump',
    tables: [...relations.values()].flatMap(tableOf),
    settings: {},
    ...(version === undefined ? {} : { serverVersion: versionText(version) }),
    limits: [
      {
        code: 'production-data',
        message: `${name} contains values of production’s data and does not say when it was taken: that is how pg_dump writes statistics.`,
        hint: 'Keep it where the data may be, or use `pgrehearse snapshot`, which leaves values out, has the date, and also TOAST, activity and settings.',
      },
    ],
  }
}

function unreadable(sql: string, start: number, name: string): ConfigError {
  const { line } = new LineIndex(sql).span(name, start, start).start
  return new ConfigError(`${name}:${line} sets statistics of a relation that it does not name.`, {
    hint: 'Expected what `pg_dump --statistics-only` of version 18 or later writes.',
  })
}

interface Call {
  readonly isColumn: boolean
  readonly values: ReadonlyMap<string, string>
}

/** Statistics that are used; the longest ones, histograms, come after them. */
const mostTokens = 200

/** Undefined when the statement is something else. */
function readCall(statement: string): Call | undefined {
  if (!/^select\b/i.test(statement) || !/pg_restore_(?:relation|attribute)_stats/.test(statement))
    return undefined
  const tokens = tokenize(statement, mostTokens)
  const at = tokens.findIndex(({ kind, text }) => kind === 'word' && text.startsWith('pg_restore_'))
  const functionName = tokens[at]?.text
  if (functionName === undefined || tokens[at + 1]?.text !== '(') return undefined
  return {
    isColumn: functionName === 'pg_restore_attribute_stats',
    values: pairsOf(tokens.slice(at + 2)),
  }
}

/** `'relpages', '123'::integer` is relpages → 123; numbers may stand without quotes. */
function pairsOf(tokens: readonly Token[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  let words: string[] = []
  let depth = 0
  let isStart = true
  for (const { kind, text } of tokens) {
    if (text === '(' || text === '[') depth += 1
    else if (text === ')' || text === ']') depth -= 1
    if (depth < 0) break
    if (text === ',' && depth === 0) {
      isStart = true
    } else if (isStart && kind !== 'punctuation') {
      words.push(kind === 'literal' ? unquote(text) : text)
      isStart = false
    } else if (isStart && text !== '-') {
      words.push('')
      isStart = false
    }
    const [name, value] = words
    if (name === undefined || value === undefined) continue
    pairs.set(name, value)
    words = []
  }
  return pairs
}

function unquote(literal: string): string {
  const dollar = /^\$\w*\$/.exec(literal)?.[0]
  if (dollar !== undefined) return literal.slice(dollar.length, -dollar.length)
  const body = literal.slice(literal.indexOf("'") + 1, -1).replaceAll("''", "'")
  return /^e/i.test(literal) ? body.replaceAll(/\\(.)/gs, '$1') : body
}

function relationOf({ values }: Call, relations: Map<string, Relation>): Relation | undefined {
  const [schema, name] = [values.get('schemaname'), values.get('relname')]
  if (schema === undefined || name === undefined) return undefined
  const key = JSON.stringify([schema, name])
  const known = relations.get(key)
  if (known !== undefined) return known
  const fresh: Relation = { schema, name, own: [], inherited: [] }
  relations.set(key, fresh)
  return fresh
}

function addSize(call: Call, relation: Relation): void {
  const [pages, rows] = [numberIn(call, 'relpages'), numberIn(call, 'reltuples')]
  // -1: never counted; of a partitioned table -1 pages
  if (pages !== undefined && pages >= 0) relation.pages = pages
  if (rows !== undefined && rows >= 0) relation.rows = rows
}

function addColumn(call: Call, relation: Relation): void {
  const name = call.values.get('attname')
  // the expression of an index
  if (name === undefined) return
  const correlation = numberIn(call, 'correlation')
  const list = /^t/i.test(call.values.get('inherited') ?? '') ? relation.inherited : relation.own
  list.push({
    name,
    nullFraction: numberIn(call, 'null_frac') ?? 0,
    distinct: numberIn(call, 'n_distinct') ?? 0,
    width: numberIn(call, 'avg_width') ?? 0,
    ...(correlation === undefined ? {} : { correlation }),
  })
}

function numberIn({ values }: Call, name: string): number | undefined {
  const text = values.get(name)
  const number = text === undefined || text === '' ? NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}

function tableOf({ schema, name, pages, rows, own, inherited }: Relation): readonly TableFacts[] {
  const columns = inherited.length > 0 && own.length === 0 ? inherited : own
  const bytes = pages === undefined ? undefined : pages * blockBytes
  // 0 rows in pages that nobody looked at are as unknown as -1
  const counted = rows === 0 && (bytes ?? 0) > 0 ? undefined : rows
  const known = counted ?? (bytes === undefined ? undefined : estimateRows(bytes, columns))
  if (known === undefined) return []
  return [
    {
      schema,
      name,
      rows: Math.round(known),
      // a partitioned table has rows and no pages
      ...(bytes === undefined || (bytes === 0 && known > 0) ? {} : { heapBytes: bytes }),
      ...(columns.length === 0 ? {} : { columns }),
      from: 'statistics dump',
    },
  ]
}

/** 180001 is 18.1; 90624 was 9.6.24. */
function versionText(version: number): string {
  return `${Math.floor(version / 10_000)}.${version % 10_000}`
}
