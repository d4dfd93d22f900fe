import type { PlanNode } from './plan.ts'

const mostLines = 40
const mostCharacters = 240

/** The plan as EXPLAIN prints it as text, without the columns of its nodes; long lines and long plans are cut. */
export function planText(root: PlanNode): string {
  const lines = nodeLines(root, 0)
  const shown = lines.slice(0, mostLines)
  const more = lines.length - shown.length
  return [...shown.map(cut), ...(more > 0 ? [`… ${more} more lines`] : [])].join('\n')
}

function cut(line: string): string {
  return line.length <= mostCharacters ? line : `${line.slice(0, mostCharacters - 1)}…`
}

function nodeLines(node: PlanNode, depth: number): readonly string[] {
  const indent = depth === 0 ? '' : `${'      '.repeat(depth - 1)}  ->  `
  const inner = `${'      '.repeat(depth)}  `
  return [
    `${indent}${title(node)}  (cost=${node['Startup Cost'].toFixed(2)}..${node['Total Cost'].toFixed(2)} rows=${node['Plan Rows']} width=${node['Plan Width']})`,
    ...details(node).map((line) => `${inner}${line}`),
    ...(node.Plans ?? []).flatMap((child) => nodeLines(child, depth + 1)),
  ]
}

function title(node: PlanNode): string {
  const kind = nodeTitle(node)
  const index = node['Index Name']
  const relation = node['Relation Name']
  const alias = node.Alias !== undefined && node.Alias !== relation ? ` ${node.Alias}` : ''
  const backward = node['Scan Direction'] === 'Backward' ? ' Backward' : ''
  if (relation === undefined) return index === undefined ? kind : `${kind} on ${index}`
  return `${kind}${backward}${index === undefined ? '' : ` using ${index}`} on ${relation}${alias}`
}

function nodeTitle(node: PlanNode): string {
  const { 'Node Type': type, 'Join Type': join, Strategy: strategy } = node
  if (type === 'Aggregate') {
    return strategy === 'Hashed' ? 'HashAggregate' : strategy === 'Sorted' ? 'GroupAggregate' : 'Aggregate'
  }
  if (type === 'ModifyTable') return node.Operation ?? type
  if (join === undefined) return type
  const joined = join === 'Inner' ? '' : ` ${join}`
  return type === 'Nested Loop'
    ? `Nested Loop${joined === '' ? '' : `${joined} Join`}`
    : `${type.replace(/ Join$/, '')}${joined} Join`
}

const conditions = [
  'Hash Cond',
  'Merge Cond',
  'Index Cond',
  'Recheck Cond',
  'Order By',
  'Join Filter',
  'Filter',
] as const

function details(node: PlanNode): readonly string[] {
  const keys = (['Sort Key', 'Presorted Key', 'Group Key'] as const).flatMap((name) =>
    node[name] === undefined ? [] : [`${name}: ${node[name].join(', ')}`],
  )
  const workers = node['Workers Planned'] === undefined ? [] : [`Workers Planned: ${node['Workers Planned']}`]
  return [
    ...workers,
    ...keys,
    ...conditions.flatMap((name) => (node[name] === undefined ? [] : [`${name}: ${node[name]}`])),
  ]
}
