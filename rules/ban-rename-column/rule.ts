import {
  blockingLocks,
  catalogEffects,
  defineRule,
  displayName,
  isOpaque,
  quoteIdent,
  stepAccepted,
  type CatalogEffectOf,
  type StatementView,
  type TransactionView,
} from '../../src/rule.ts'

type Rename = CatalogEffectOf<'rename column'>['change']

export default defineRule({
  id: 'ban-rename-column',
  title: 'Ban renaming columns that running code may use',
  severity: 'error',
  since: '0.1.0',
  brokenCode: 'assumed',
  messages: {
    breaksQueries: ({ column, to }: { column: string; to: string }) =>
      `Every query of running code that names ${column} fails once this commits; code that names ${to} fails until then.`,
  },
  statement(context) {
    const { statement, effects, settings, transaction, report } = context
    // partitions and inheriting tables follow their parent
    const rename = catalogEffects(effects, 'rename column').find(
      ({ existedBefore, change }) => existedBefore && !isSwap(transaction, context, change),
    )
    if (rename === undefined) return
    const { from, to } = rename.change
    const column = `${displayName(rename.object)}.${from}`
    report(
      'breaksQueries',
      { column, to },
      {
        on: column,
        because: [rename, ...blockingLocks(effects)],
        remedy: {
          summary: `Add ${quoteIdent(to)} beside it, keep both equal with a trigger, fill it in batches, move the code over release by release, and drop the old column last. Or leave the name: the code can call it what it likes. If nothing names it, say so in an allow comment.`,
          migrations: isOpaque(statement)
            ? []
            : [stepAccepted(settings, 'ban-rename-column', '<why no running code names it>', statement.sql)],
        },
      },
    )
  },
})

/** Does the transaction give the old name to another column, or free the new one for it? Then the two swap places. */
function isSwap({ statements }: TransactionView, view: StatementView, { from, to }: Rename): boolean {
  const index = statements.findIndex(({ statement }) => statement === view.statement)
  const before = statements.slice(0, index).flatMap(({ effects }) => catalogEffects(effects, 'rename column'))
  const after = statements.slice(index + 1).flatMap(({ effects }) => effects)
  return (
    before.some(({ change }) => change.from === to) ||
    catalogEffects(after, 'rename column').some(({ change }) => change.to === from) ||
    catalogEffects(after, 'add column').some(({ change }) => change.column.name === from)
  )
}
