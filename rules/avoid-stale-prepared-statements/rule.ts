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
  // once per transaction: whatever it changes, a session fails at what it finds when all of it has committed
  transaction({ transaction, report }) {
    const stale = transaction.statements.flatMap((at) =>
      (at.queries?.impacts ?? [])
        .filter(({ effect }) => effect.kind === 'cached plan')
        .map((one) => ({ ...one, at })),
    )
    const [first] = stale
    if (first === undefined) return
    const refs = stale.map(({ query }) => query)
    const causes = [...new Set(stale.map(({ at }) => at))]
    report(
      'failsOnce',
      { queries: nameQueries(refs), fail: verbFor(refs, 'fail') },
      {
        at: first.at,
        because: causes.flatMap(({ effects }) =>
          effects.filter(({ kind }) => kind === 'catalog' || kind === 'rewrite'),
        ),
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
