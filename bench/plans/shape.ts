import type { PlanNode } from '../../src/planning/plan.ts'
import type { Explained } from './explain.ts'

/** What makes a plan this plan and no other; costs, rows and widths do not. */
const telling = [
  'Node Type',
  'Join Type',
  'Strategy',
  'Operation',
  'Relation Name',
  'Alias',
  'Index Name',
  'Scan Direction',
  'Index Cond',
  'Recheck Cond',
  'Filter',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'Sort Key',
  'Presorted Key',
  'Group Key',
  'CTE Name',
] as const

/** All nodes with relations, indexes and conditions, as one line each. */
export function shapeOf(plan: PlanNode, depth = 0): readonly string[] {
  const parts = telling.flatMap((name) => {
    const value = (plan as unknown as Readonly<Record<string, unknown>>)[name]
    return value === undefined ? [] : `${name === 'Node Type' ? '' : `${name} `}${text(value)}`
  })
  const below = (plan.Plans ?? []).flatMap((child) => shapeOf(child, depth + 1))
  return [`${'  '.repeat(depth)}${parts.join(', ')}`, ...below]
}

function text(value: unknown): string {
  return Array.isArray(value) ? value.join(' ') : String(value)
}

/** Both refused count as the same. */
export function isSameShape(truth: Explained, other: Explained): boolean {
  if (truth.plan === undefined || other.plan === undefined) return truth.plan === other.plan
  return shapeOf(truth.plan).join('\n') === shapeOf(other.plan).join('\n')
}

/** Is every relation read in the same way and by the same index? In which order they are joined does not count. */
export function isSameAccess(truth: Explained, other: Explained): boolean {
  if (truth.plan === undefined || other.plan === undefined) return truth.plan === other.plan
  return accessOf(truth.plan).toSorted().join('\n') === accessOf(other.plan).toSorted().join('\n')
}

function accessOf(plan: PlanNode): readonly string[] {
  const { 'Node Type': type, 'Relation Name': relation, 'Index Name': index, Alias: alias } = plan
  const own = relation === undefined && index === undefined ? [] : [[type, relation, alias, index].join(' ')]
  return [...own, ...(plan.Plans ?? []).flatMap(accessOf)]
}

/** Cost of the other by that of the truth; undefined where one of them was refused. */
export function costRatio(truth: Explained, other: Explained): number | undefined {
  const [a, b] = [costOf(truth), costOf(other)]
  if (a === undefined || b === undefined) return undefined
  return a === b ? 1 : b / Math.max(a, 0.01)
}

export function costOf({ plan }: Explained): number | undefined {
  return plan?.['Total Cost']
}

/** The first line in which two shapes differ, of both. */
export function difference(truth: Explained, other: Explained): string {
  if (truth.plan === undefined || other.plan === undefined)
    return `${truth.failed ?? 'planned'} / ${other.failed ?? 'planned'}`
  const [a, b] = [shapeOf(truth.plan), shapeOf(other.plan)]
  const at = a.findIndex((line, index) => line !== b[index])
  const place = at < 0 ? a.length : at
  return `${a[place]?.trim() ?? 'nothing'} / ${b[place]?.trim() ?? 'nothing'}`
}
