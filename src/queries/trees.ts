/** Questions about parse trees of queries. */

/** Levels of arrays and objects; everybody who looks at a query walks its tree, and most of them by recursion. */
const mostLevels = 2000

/**
 * How many objects the tree is made of; undefined when it has more levels than a stack should be asked for. Looks
 * without a stack of its own.
 */
export function treeSize(tree: object): number | undefined {
  let level: object[] = [tree]
  let size = 0
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > mostLevels) return undefined
    size += level.length
    const next: object[] = []
    for (const item of level) {
      for (const child of Object.values(item)) {
        if (typeof child === 'object' && child !== null) next.push(child as object)
      }
    }
    level = next
  }
  return size
}

/**
 * A parameter where a value makes no sense, as the whole condition, as what is sorted by, or as all columns of a table:
 * there the expression of a template stands for a part of the SQL.
 */
export function isPutTogether(tag: string, node: Readonly<Record<string, unknown>>): boolean {
  if (isParameter(node['whereClause'])) return true
  const sorted = listOf(node['sortClause']).some((item) => isParameter(below(item, 'SortBy')?.['node']))
  if (sorted) return true
  const targets = listOf(node['targetList'])
  const isOnly = tag === 'SelectStmt' && targets.length === 1 && listOf(node['fromClause']).length > 0
  return isOnly && isParameter(below(targets[0], 'ResTarget')?.['val'])
}

function isParameter(node: unknown): boolean {
  return typeof node === 'object' && node !== null && 'ParamRef' in node
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function below(node: unknown, tag: string): Readonly<Record<string, unknown>> | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  return (node as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>)[tag]
}
