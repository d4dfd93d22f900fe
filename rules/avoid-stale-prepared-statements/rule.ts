import { affectedQueries, defineRule, nameQueries, verbFor } from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-stale-prepared-statements',
  title: 'Avoid changing the result of prepared statements that sessions keep',
  severity: 'info',
  since: '0.1.0',
  messages: {
    failsOnce: ({ queries, fail }: { queries: string; fail: string }) =>
      `${queries} ${fail} in every session that prepared it before, until that prepares it anew: cached plan must not change result type.`,
  },
  statement({ queries, effects, report }) {
    const stale = (queries?.impacts ?? []).filter(({ effect }) => effect.kind === 'cached plan')
    if (stale.length === 0) return
    const refs = stale.map(({ query }) => query)
    report(
      'failsOnce',
      { queries: nameQueries(refs), fail: verbFor(refs, 'fail') },
      {
        because: effects.filter(({ kind }) => kind === 'catalog' || kind === 'rewrite'),
        notes: [
          'SQLSTATE 0A000, where drivers or poolers keep named prepared statements; others never see it.',
        ],
        queries: affectedQueries(stale, 'fails once'),
        remedy: {
          summary:
            'Let the application’s sessions begin anew after the migration, or let its driver prepare again and retry (pgjdbc: autosave=conservative). A query that names its columns instead of * does not change when the table gains one.',
          migrations: [],
        },
      },
    )
  },
})
