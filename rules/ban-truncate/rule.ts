import {
  batchStep,
  batchedDeleteOfAll,
  blockingLocks,
  defineRule,
  displayName,
  enumerate,
  nameAll,
  type TruncateEffect,
} from '../../src/rule.ts'

export default defineRule({
  id: 'ban-truncate',
  title: 'Ban TRUNCATE of tables that hold rows',
  severity: 'error',
  since: '0.1.0',
  messages: {
    losesRows: ({ tables }: { tables: string }) =>
      `Every row of ${tables} is gone, and reads and writes wait until the transaction commits.`,
  },
  statement({ effects, schema, report }) {
    const truncated = effects.filter(
      (effect): effect is TruncateEffect => effect.kind === 'truncate' && effect.relation.existedBefore,
    )
    const [first] = truncated
    if (first === undefined) return
    const batched = truncated.length > 1 ? undefined : batchedDeleteOfAll(first.relation, schema)
    const reached = truncated.filter(({ cascaded }) => cascaded).map(({ relation }) => displayName(relation))
    report(
      'losesRows',
      { tables: nameAll(truncated.map(({ relation }) => relation)) },
      {
        on: nameAll(truncated.map(({ relation }) => relation)),
        because: [...truncated, ...blockingLocks(effects)],
        notes:
          reached.length === 0
            ? []
            : [`The statement does not name ${enumerate(reached)}: it reaches further.`],
        remedy: {
          summary:
            'If the rows must go while the application runs, delete them in batches. If the table is out of use, say so in an allow comment.',
          migrations: batched === undefined ? [] : [batchStep(batched)],
        },
      },
    )
  },
})
