import {
  columnUse,
  comparisonsIn,
  defineRule,
  displayName,
  isNullLiteral,
  levelsOf,
  nodeAt,
  nodeIn,
  nullTest,
  selectOf,
  walk,
  words,
  type AstNode,
  type ColumnUse,
  type ExpressionNode,
  type QueryCatalog,
  type QueryLevel,
} from '../../src/rule.ts'

const remedy = {
  summary:
    'Write NOT EXISTS (SELECT … WHERE …) instead, which has no such trap and can be planned as an anti join; or leave the NULLs out of the sub-select with WHERE … IS NOT NULL.',
  migrations: [],
}

export default defineRule({
  id: 'avoid-not-in-nullable',
  title: 'Avoid NOT IN over a column that can be NULL',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    nullable: ({ column }: { column: string }) =>
      `Once a single row of the sub-select has NULL in ${column}, NOT IN is true for no row at all.`,
    outerJoin: ({ column }: { column: string }) =>
      `Once the outer join finds no row for ${column}, NOT IN is true for no row at all.`,
    literal: () => 'NOT IN is true for no row at all, because NULL stands in its list.',
  },
  query(context) {
    const levels = levelsOf(context)
    for (const node of negatedSelects(context.query.node)) {
      const level = levels.find((one) => one.node === node)
      const nullable = level === undefined ? undefined : nullableOutput(context.catalog, level)
      if (nullable === undefined) continue
      const column = `${displayName(nullable.table)}.${nullable.column.name}`
      const messageId = nullable.source.canBeMissing ? 'outerJoin' : 'nullable'
      context.report(messageId, { column }, { on: column, remedy })
    }
    if (hasNullInList(context.query.node)) {
      const summary = 'Take NULL out of the list, and write OR … IS NULL where that was meant.'
      context.report('literal', undefined, { remedy: { summary, migrations: [] } })
    }
  },
})

/** The sub-selects of `NOT IN (…)`, and of `<> ALL (…)`, which is the same. */
function negatedSelects(query: AstNode | undefined): readonly object[] {
  const found: object[] = []
  walk(query, (tag, value) => {
    const { boolop, args } = nodeAt(tag, value, 'BoolExpr') ?? {}
    const inside = boolop === 'NOT_EXPR' ? nodeIn(args?.[0], 'SubLink') : undefined
    const own = nodeAt(tag, value, 'SubLink')
    const isNotIn = inside?.subLinkType === 'ANY_SUBLINK' && inside.operName === undefined
    const isNotAll = own?.subLinkType === 'ALL_SUBLINK' && words(own.operName).at(-1) === '<>'
    const subselect = isNotIn ? inside.subselect : isNotAll ? own.subselect : undefined
    const select = nodeIn(subselect, 'SelectStmt')
    if (select !== undefined) found.push(select)
  })
  return found
}

/** The column that it gives, where that can be NULL as far as the catalogue and its conditions tell. */
function nullableOutput(catalog: QueryCatalog, level: QueryLevel): ColumnUse | undefined {
  const [output] = selectOf(level)?.targetList ?? []
  const use = columnUse(catalog, level, nodeIn(output, 'ResTarget')?.val)
  // of a view nobody knows
  if (use === undefined || use.table.kind === 'view') return undefined
  if (use.column.notNull && !use.source.canBeMissing) return undefined
  return level.conditions.some((condition) => rejectsNull(catalog, level, condition, use)) ? undefined : use
}

function rejectsNull(
  catalog: QueryCatalog,
  level: QueryLevel,
  condition: ExpressionNode,
  { source, column }: ColumnUse,
): boolean {
  const test = nullTest(catalog, level, condition)
  const uses = [
    ...(test === undefined || test.isNull ? [] : [test.use]),
    ...comparisonsIn(catalog, level, condition).map(({ use }) => use),
  ]
  return uses.some((use) => use.source === source && use.column === column)
}

/** `NOT IN (1, NULL)` */
function hasNullInList(query: AstNode | undefined): boolean {
  let found = false
  walk(query, (tag, value) => {
    const { kind, name, rexpr } = nodeAt(tag, value, 'A_Expr') ?? {}
    if (kind !== 'AEXPR_IN' || words(name)[0] !== '<>') return
    found ||= (nodeIn(rexpr, 'List')?.items ?? []).some(isNullLiteral)
  })
  return found
}
