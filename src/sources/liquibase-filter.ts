/**
 * Does an expression of contexts or labels hold for these names? Without names everything does, but what is required
 * by `@` (ExpressionMatcher.java, liquibase-core 4.31).
 */
function matchesExpression(expression: string, names: readonly string[]): boolean {
  let flat = expression.trim().toLowerCase()
  for (let inner = innermost.exec(flat); inner !== null; inner = innermost.exec(flat)) {
    const value = matchesExpression(inner[1] ?? '', names) ? ':true' : ':false'
    flat = `${flat.slice(0, inner.index)} ${value} ${flat.slice(inner.index + inner[0].length)}`
  }
  return flat
    .split(/,|\sor\s/)
    .some((choice) => choice.split(/\sand\s/).every((term) => matchesTerm(term.trim(), names)))
}

const innermost = /\(([^()]*)\)/

function matchesTerm(term: string, names: readonly string[]): boolean {
  if (term === ':true' || term === ':false') return term === ':true'
  const [, requiredNot, not, required, name = ''] =
    /^(@\s*(?:!|not ))?(!|not )?\s*(@)?\s*(.*)$/.exec(term) ?? []
  const isNegated = requiredNot !== undefined || not !== undefined
  if (required === undefined && requiredNot === undefined && names.length === 0) return true
  if (name === ':true' || name === ':false') return (name === ':true') !== isNegated
  const has = names.some((known) => known.replace(/^@/, '').trim().toLowerCase() === name.trim())
  return has !== isNegated
}

/** Does a changeset with this context, and those of the includes around it, run for `contexts`? */
export function runsInContexts(own: readonly (string | undefined)[], contexts: readonly string[]): boolean {
  return own.every(
    (expression) =>
      expression === undefined || expression.trim() === '' || matchesExpression(expression, contexts),
  )
}

/** Does a changeset with these labels run for the runner's label expression? */
export function runsForLabels(labels: string | undefined, filter: string | undefined): boolean {
  if (filter === undefined || filter.trim() === '') return true
  const names = (labels ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return matchesExpression(filter, names)
}
