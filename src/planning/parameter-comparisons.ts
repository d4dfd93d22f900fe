/** A column that a query compares with a parameter. */
export interface Comparison {
  /** As it stands before the column: a table's name or alias. */
  readonly table?: string
  readonly column: string
  /** `any`: = ANY ($1); `~~`: LIKE. */
  readonly operator: '=' | '<' | '<=' | '>' | '>=' | 'any' | '~~'
  readonly parameter: number
}

/** A table that a query names. */
export interface NamedTable {
  readonly schema?: string
  readonly name: string
  readonly alias?: string
}

type Node = Readonly<Record<string, unknown>>

/** Every table that stands somewhere in the tree. */
export function tableNames(node: unknown): readonly NamedTable[] {
  if (!isNode(node)) return []
  const { relname, schemaname, alias } = node
  const aliasName = isNode(alias) ? alias['aliasname'] : undefined
  const own =
    typeof relname === 'string'
      ? [
          {
            name: relname,
            ...(typeof schemaname === 'string' ? { schema: schemaname } : {}),
            ...(typeof aliasName === 'string' ? { alias: aliasName } : {}),
          },
        ]
      : []
  return [...own, ...Object.values(node).flatMap(tableNames)]
}

/** Every comparison of a plain column with a plain parameter in the tree. */
export function comparisons(node: unknown): readonly Comparison[] {
  if (!isNode(node)) return []
  const expression = node['A_Expr']
  const own = isNode(expression) ? ofExpression(expression) : []
  return [...own, ...Object.values(node).flatMap(comparisons)]
}

function ofExpression({ kind, name, lexpr, rexpr }: Node): readonly Comparison[] {
  const operator = operatorName(name)
  const column = columnOf(lexpr)
  if (column === undefined) {
    const other = columnOf(rexpr)
    const parameter = parameterOf(lexpr)
    const mirrored = operator === undefined ? undefined : mirror[operator]
    if (kind !== 'AEXPR_OP' || other === undefined || parameter === undefined || mirrored === undefined)
      return []
    return [{ ...other, operator: mirrored, parameter }]
  }
  const parameter = parameterOf(rexpr)
  const list = listOf(rexpr)
  switch (kind) {
    case 'AEXPR_OP':
      return parameter !== undefined && operator !== undefined && operator in mirror
        ? [{ ...column, operator: operator as Comparison['operator'], parameter }]
        : []
    case 'AEXPR_LIKE':
      return parameter !== undefined && operator === '~~' ? [{ ...column, operator: '~~', parameter }] : []
    case 'AEXPR_OP_ANY':
      return parameter !== undefined && operator === '=' ? [{ ...column, operator: 'any', parameter }] : []
    case 'AEXPR_IN':
      return operator !== '=' ? [] : list.flatMap((one) => equal(column, parameterOf(one)))
    case 'AEXPR_BETWEEN': {
      const [low, high] = list.map(parameterOf)
      return [
        ...(low === undefined ? [] : [{ ...column, operator: '>=' as const, parameter: low }]),
        ...(high === undefined ? [] : [{ ...column, operator: '<=' as const, parameter: high }]),
      ]
    }
    default:
      return []
  }
}

/** With its sides exchanged. */
const mirror: Readonly<Record<string, Comparison['operator']>> = {
  '=': '=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

function equal(
  column: Pick<Comparison, 'table' | 'column'>,
  parameter: number | undefined,
): readonly Comparison[] {
  return parameter === undefined ? [] : [{ ...column, operator: '=', parameter }]
}

function operatorName(name: unknown): string | undefined {
  const last: unknown = Array.isArray(name) ? name.at(-1) : undefined
  return stringOf(last)
}

function stringOf(node: unknown): string | undefined {
  const inner = isNode(node) ? node['String'] : undefined
  const text = isNode(inner) ? inner['sval'] : undefined
  return typeof text === 'string' ? text : undefined
}

function columnOf(node: unknown): Pick<Comparison, 'table' | 'column'> | undefined {
  const reference = isNode(node) ? node['ColumnRef'] : undefined
  const fields = isNode(reference) ? reference['fields'] : undefined
  if (!Array.isArray(fields)) return undefined
  const words = fields.map(stringOf)
  const column = words.at(-1)
  const table = words.at(-2)
  if (column === undefined) return undefined
  return { column, ...(table === undefined ? {} : { table }) }
}

function parameterOf(node: unknown): number | undefined {
  if (!isNode(node)) return undefined
  const cast = node['TypeCast']
  if (isNode(cast)) return parameterOf(cast['arg'])
  const reference = node['ParamRef']
  const number = isNode(reference) ? reference['number'] : undefined
  return typeof number === 'number' ? number : undefined
}

function listOf(node: unknown): readonly unknown[] {
  const list = isNode(node) ? node['List'] : undefined
  const items = isNode(list) ? list['items'] : undefined
  return Array.isArray(items) ? items : []
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null
}
