import { defineRule, type BreakEffect } from '../../src/rule.ts'

const messages = {
  refused: ({ query, why }: { query: string; why: string }) =>
    `${query} fails whenever it runs, because Postgres refuses it on the schema of this merge request: ${why}.`,
  omitsRequired: ({ query, column }: { query: string; column: string }) =>
    `${query} fails for every row, because it gives no value to ${column}, which is required.`,
  losesConflictTarget: ({ query }: { query: string }) =>
    `${query} fails whenever it runs: no unique index or constraint fits its ON CONFLICT.`,
}

export default defineRule({
  id: 'avoid-failing-query',
  title: 'Avoid queries that the new schema refuses',
  severity: 'error',
  since: '0.1.0',
  brokenCode: 'shown',
  messages,
  query({ query, effects, report }) {
    const effect = effects.find(
      (one): one is BreakEffect => one.kind === 'break' && one.when === 'new code on new schema',
    )
    if (effect === undefined) return
    const { reason, object, message, sqlstate, hint, evidence } = effect
    const options = {
      ...(object === undefined ? {} : { on: shortName(object) }),
      evidence: evidence === 'measured' ? ('measured' as const) : ('predicted' as const),
      notes: [`SQLSTATE ${sqlstate}: ${message}`, ...(hint === undefined ? [] : [`Postgres hints: ${hint}`])],
      remedy: { summary: remedyFor(reason), migrations: [] },
    }
    const { name } = query
    if (reason === 'required column omitted')
      report('omitsRequired', { query: name, column: shortName(object ?? 'a column') }, options)
    else if (reason === 'conflict target lost') report('losesConflictTarget', { query: name }, options)
    else report('refused', { query: name, why: message }, options)
  },
})

function shortName(object: string): string {
  return object.replace(/^public\./, '')
}

function remedyFor(reason: BreakEffect['reason']): string {
  if (reason === 'required column omitted')
    return 'Give the column a value in the query, or a DEFAULT in the schema.'
  if (reason === 'conflict target lost')
    return 'Name the columns of a unique index that exists, or create one in a migration before.'
  return 'Mend the query, or bring the migration that it needs.'
}
