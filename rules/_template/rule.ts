import { blockingLocks, defineRule, nameAll } from '../../src/rule.ts'

export default defineRule({
  id: '__id__',
  title: '__title__',
  severity: 'warning',
  since: '__version__',
  messages: {
    // the consequence first, with the object's own names, in one sentence
    blocks: ({ tables }: { tables: string }) =>
      `Reads and writes of ${tables} wait until the transaction commits.`,
  },
  statement({ effects, report }) {
    const locks = blockingLocks(effects)
    const [first] = locks
    if (first === undefined) return
    report(
      'blocks',
      { tables: nameAll(locks.map(({ relation }) => relation)) },
      {
        on: first.relation,
        because: locks,
        remedy: { summary: 'What to do instead, as an imperative.', migrations: [] },
      },
    )
  },
})
