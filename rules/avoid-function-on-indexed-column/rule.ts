import {
  columnsIn,
  columnUse,
  defineRule,
  displayName,
  displayType,
  expressionKey,
  expressionKeyOf,
  formatRows,
  formatTypeName,
  isFullReadNews,
  levelsOf,
  narrowedSources,
  nodeIn,
  words,
  type ColumnUse,
  type ExpressionNode,
  type QueryCatalog,
  type QueryIndex,
  type QueryLevel,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-function-on-indexed-column',
  title: 'Avoid functions and casts on a column that has an index',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    unused: ({
      column,
      expression,
      index,
      size,
    }: Record<'column' | 'expression' | 'index' | 'size', string>) =>
      `${index} cannot serve this condition on ${column}, so all of the table is read, ${size}, to compute ${expression} for each row.`,
    unknown: ({ column, expression, index }: Record<'column' | 'expression' | 'index', string>) =>
      `${index} cannot serve this condition on ${column}, so all of the table, whose size is not known, is read to compute ${expression} for each row.`,
  },
  query(context) {
    const { catalog, report } = context
    for (const level of levelsOf(context)) {
      const narrowed = narrowedSources(catalog, level)
      for (const condition of level.conditions) {
        const hidden = hiddenColumn(catalog, level, condition)
        if (hidden === undefined || narrowed.has(hidden.use.source)) continue
        const { use, expression } = hidden
        const { table } = use
        const index = plainIndex(use)
        if (index === undefined || !isFullReadNews(context, table) || servesExpression(use, expression))
          continue
        const column = `${displayName(table)}.${use.column.name}`
        const text = expressionKey(expression) ?? 'an expression'
        const options = { on: column, remedy: remedyOf(use, expression) }
        const data = { column, expression: text, index: index.name }
        if (table.rows === undefined) report('unknown', data, { ...options, severity: 'info' })
        else report('unused', { ...data, size: formatRows(table.rows) }, options)
      }
    }
  },
})

interface HiddenColumn {
  readonly use: ColumnUse
  /** The call or cast around the column. */
  readonly expression: ExpressionNode
}

const comparisons: ReadonlySet<string> = new Set(['=', '<', '<=', '>', '>='])

/** A call or cast of one column, compared with what has no column. */
function hiddenColumn(
  catalog: QueryCatalog,
  level: QueryLevel,
  condition: ExpressionNode,
): HiddenColumn | undefined {
  const { kind, name, lexpr, rexpr } = nodeIn(condition, 'A_Expr') ?? {}
  const symbol = words(name).at(-1) ?? ''
  const isComparison =
    comparisons.has(symbol) ||
    (kind === 'AEXPR_BETWEEN' && symbol === 'BETWEEN') ||
    (kind === 'AEXPR_LIKE' && symbol === '~~')
  if (!isComparison || kind === 'AEXPR_NOT_DISTINCT' || kind === 'AEXPR_DISTINCT') return undefined
  const sides =
    kind === 'AEXPR_OP'
      ? [
          [lexpr, rexpr],
          [rexpr, lexpr],
        ]
      : [[lexpr, rexpr]]
  for (const [side, other] of sides) {
    const [column, ...more] = columnsIn(side)
    if (
      side === undefined ||
      more.length > 0 ||
      columnsIn(other).length > 0 ||
      nodeIn(other, 'SubLink') !== undefined
    )
      continue
    const use = columnUse(catalog, level, column)
    if (use !== undefined && hides(side, use)) return { use, expression: side }
  }
  return undefined
}

/** Calls and casts, but for those that change nothing about how the column is compared. */
function hides(expression: ExpressionNode, { column }: ColumnUse): boolean {
  const cast = nodeIn(expression, 'TypeCast')
  if (cast !== undefined) {
    const from = withoutLength(column.type)
    const to = withoutLength(formatTypeName(cast.typeName))
    return from !== to && ![from, to].every((type) => type === 'text' || type === 'character varying')
  }
  return nodeIn(expression, 'FuncCall') !== undefined || nodeIn(expression, 'CoalesceExpr') !== undefined
}

function withoutLength(type: string): string {
  return type.replace(/\(.*?\)/, '')
}

/** An index that would serve the column itself. */
function plainIndex({ table, column }: ColumnUse): QueryIndex | undefined {
  return table.indexes.find(
    ({ method, keys, predicate }) =>
      method === 'btree' && predicate === undefined && keys[0]?.column === column.name,
  )
}

/** Is there an index on the expression? One that cannot be read may be. */
function servesExpression({ table }: ColumnUse, expression: ExpressionNode): boolean {
  const wanted = expressionKey(expression)
  if (wanted === undefined) return true
  return table.indexes.some(({ keys }) =>
    keys.some(
      (key) =>
        key.column === undefined &&
        (key.expression === undefined || expressionKeyOf(key.expression) === wanted),
    ),
  )
}

function remedyOf({ column }: ColumnUse, expression: ExpressionNode): { summary: string; migrations: [] } {
  const isTime = /^(?:timestamp|date)/.test(column.type)
  const summary = isTime
    ? `Compare ${column.name} itself with both ends of the range: ${column.name} >= $1 AND ${column.name} < $2.`
    : nodeIn(expression, 'TypeCast') === undefined
      ? `Compare ${column.name} itself, or create an index on the expression: CREATE INDEX CONCURRENTLY … ((${expressionKey(expression)})).`
      : `Cast the value instead of the column: ${column.name} = $1::${displayType(column.type)}.`
  return { summary, migrations: [] }
}
