import {
  columnsIn,
  columnUse,
  defineRule,
  displayName,
  expressionKey,
  expressionKeyOf,
  isFullReadNews,
  formatRows,
  levelsOf,
  literalText,
  narrowedSources,
  nodeAt,
  nodeIn,
  quoteIdent,
  quoteName,
  objectName,
  stepOutsideTransaction,
  walk,
  words,
  type ColumnUse,
  type ExpressionNode,
  type QueryCatalog,
  type QueryLevel,
  type Remedy,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-leading-wildcard',
  title: 'Avoid LIKE with a leading wildcard on a large table without a trigram index',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    scans: ({ column, table, size }: { column: string; table: string; size: string }) =>
      `Every search in ${column} reads all of ${table}, ${size}, because no index serves a pattern that begins with a wildcard.`,
    unknown: ({ column, table }: { column: string; table: string }) =>
      `Every search in ${column} reads all of ${table}, whose size is not known, because no index serves a pattern that begins with a wildcard.`,
  },
  query(context) {
    const { catalog, report } = context
    const reported = new Set<string>()
    for (const level of levelsOf(context)) {
      const narrowed = narrowedSources(catalog, level)
      for (const { use, operand } of openPatterns(catalog, level)) {
        const { table, source } = use
        const column = `${displayName(table)}.${use.column.name}`
        if (narrowed.has(source) || hasTextIndex(use, operand) || reported.has(column)) continue
        if (!isFullReadNews(context, table)) continue
        reported.add(column)
        const options = { on: column, remedy: trigramIndex(use, operand) }
        const name = displayName(table)
        if (table.rows === undefined) {
          report('unknown', { column, table: name }, { ...options, severity: 'info' })
        } else {
          report('scans', { column, table: name, size: formatRows(table.rows) }, options)
        }
      }
    }
  },
})

interface OpenPattern {
  readonly use: ColumnUse
  /** What is compared: the column, or a call on it such as lower(email). */
  readonly operand: ExpressionNode
}

/** LIKE and ILIKE in conditions whose pattern begins with a wildcard. */
function openPatterns(catalog: QueryCatalog, level: QueryLevel): readonly OpenPattern[] {
  const found: OpenPattern[] = []
  walk([...level.conditions], (tag, value) => {
    if (tag === 'SubLink') return false
    const { kind, name, lexpr, rexpr } = nodeAt(tag, value, 'A_Expr') ?? {}
    const isLike = kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE'
    // NOT LIKE gives most of the rows anyway
    if (!isLike || words(name)[0]?.startsWith('!') === true || lexpr === undefined) return
    const use = columnIn(catalog, level, lexpr)
    if (use !== undefined && /^[%_]/.test(beginOf(rexpr) ?? '')) found.push({ use, operand: lexpr })
  })
  return found
}

function columnIn(catalog: QueryCatalog, level: QueryLevel, operand: ExpressionNode): ColumnUse | undefined {
  const [column, ...others] = columnsIn(operand)
  return others.length > 0 ? undefined : columnUse(catalog, level, column)
}

/** The literal that a pattern begins with: `'%x'`, `'%' || $1`, `concat('%', $1)`. */
function beginOf(pattern: ExpressionNode | undefined): string | undefined {
  const literal = literalText(pattern)
  if (literal !== undefined) return literal
  const { name, lexpr } = nodeIn(pattern, 'A_Expr') ?? {}
  if (words(name)[0] === '||') return beginOf(lexpr)
  const call = nodeIn(pattern, 'FuncCall')
  const isConcat = ['concat', 'format'].includes(words(call?.funcname).at(-1) ?? '')
  return isConcat ? beginOf(call?.args?.[0]) : undefined
}

/** Trigrams (pg_trgm), bigrams (pg_bigm) and the like; an index that cannot be read might be one. */
function hasTextIndex({ table, column }: ColumnUse, operand: ExpressionNode): boolean {
  const operandKey = expressionKey(operand)
  return table.indexes.some(({ method, keys }) =>
    keys.some((key) => {
      const isText = method === 'pgroonga' || method === 'rum' || /trgm|bigm/.test(key.operatorClass ?? '')
      if (!isText) return false
      if (key.column !== undefined) return key.column === column.name
      return key.expression === undefined || expressionKeyOf(key.expression) === operandKey
    }),
  )
}

function trigramIndex({ table, column }: ColumnUse, operand: ExpressionNode): Remedy {
  const isColumn = nodeIn(operand, 'ColumnRef') !== undefined
  const name = quoteIdent(column.name)
  const needsCast = isColumn && !hasTextType(column.type)
  const whole = isColumn ? name : `(${expressionKey(operand) ?? name})`
  const key = needsCast ? `(${name}::text)` : whole
  const index = quoteIdent(objectName(table.name, column.name, 'trgm_idx'))
  const sql = `CREATE INDEX CONCURRENTLY ${index} ON ${quoteName(table)} USING gin (${key} gin_trgm_ops)`
  if (!needsCast) return remedyOf(sql)
  return remedyOf(sql, ` It is one of text: the query has to compare ${name}::text, too.`)
}

/** citext and character have a LIKE of their own, which is in no class of pg_trgm. */
function hasTextType(type: string): boolean {
  return /^(?:text|character varying(?:\(\d+\))?)$/.test(type)
}

function remedyOf(sql: string, condition = ''): Remedy {
  return {
    summary: `An index of trigrams serves such patterns from three characters on; it needs the extension pg_trgm, and makes writes slower.${condition}`,
    migrations: [
      stepOutsideTransaction('CREATE EXTENSION IF NOT EXISTS pg_trgm'),
      stepOutsideTransaction(sql),
    ],
  }
}
