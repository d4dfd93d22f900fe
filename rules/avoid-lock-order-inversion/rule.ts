import {
  deadlockData,
  deadlockSentence,
  defineRule,
  lockGroups,
  lockInversions,
  nameAll,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-lock-order-inversion',
  title: 'Avoid locking tables in another order than the application',
  severity: 'warning',
  since: '0.1.0',
  messages: { deadlocks: deadlockSentence },
  transaction({ transaction, applicationTransactions, report }) {
    // avoid-locking-several-tables tells it then
    if (lockGroups(transaction).length > 1) return
    const [inversion, ...others] = lockInversions(transaction, applicationTransactions)
    if (inversion === undefined) return
    const { first, second, application } = inversion
    const [before, after] = [first, second].map(({ lock }) => nameAll([lock.relation]))
    report('deadlocks', deadlockData(inversion), {
      at: second.view,
      on: nameAll([first.lock.relation, second.lock.relation]),
      because: [first.lock, second.lock],
      notes: [
        `What ${application.name} locks is predicted from the SQL that the configuration gives for it.`,
        ...(others.length === 0
          ? []
          : [`So it is with ${others.map((one) => one.application.name).join(', ')}.`]),
      ],
      remedy: {
        summary: `Lock ${after} first: LOCK TABLE ${after} and then ${before}, under a short lock_timeout, in front of the statement.`,
        migrations: [],
      },
    })
  },
})
