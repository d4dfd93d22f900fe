import {
  blockingLocks,
  catalogEffects,
  defineRule,
  displayName,
  enumerate,
  isOpaque,
  nodeOf,
  relationKey,
  stepAccepted,
  type CatalogEffectOf,
  type StatementView,
  type TransactionView,
} from '../../src/rule.ts'

export default defineRule({
  id: 'ban-drop-column',
  title: 'Ban dropping columns that running code may use',
  severity: 'error',
  since: '0.1.0',
  brokenCode: 'assumed',
  messages: {
    breaksQueries: ({ columns }: { columns: string }) =>
      `Every query of running code that names ${columns} fails once this commits, and the data is gone.`,
  },
  statement(context) {
    const { statement, effects, settings, transaction, report } = context
    // a column that this run added carries existedBefore: false
    const all = catalogEffects(effects, 'drop column').filter(
      (effect) => effect.existedBefore && !isReplaced(transaction, context, effect),
    )
    // partitions and inheriting tables follow the table that the statement names
    const named = nodeOf(statement, 'AlterTableStmt')?.relation?.relname
    const own = all.filter(({ object }) => object.name === named)
    const dropped = own.length > 0 ? own : all
    if (dropped.length === 0) return
    const columns = enumerate(
      [...new Set(dropped.map(({ object, change }) => `${displayName(object)}.${change.column}`))].toSorted(),
    )
    report(
      'breaksQueries',
      { columns },
      {
        on: columns,
        because: [...dropped, ...blockingLocks(effects)],
        remedy: {
          summary:
            'Release code that neither reads nor writes the column first, also not by SELECT * or an ORM that lists all columns. Then drop it, and say so in an allow comment.',
          migrations: isOpaque(statement)
            ? []
            : [
                {
                  ...stepAccepted(
                    settings,
                    'ban-drop-column',
                    '<the release since which no code names it>',
                    statement.sql,
                  ),
                  when: 'after the new code is out',
                },
              ],
        },
      },
    )
  },
})

/** Does the transaction give its name to another column afterwards? */
function isReplaced(
  { statements }: TransactionView,
  view: StatementView,
  { object, change }: CatalogEffectOf<'drop column'>,
): boolean {
  const index = statements.findIndex(({ statement }) => statement === view.statement)
  const after = statements.slice(index + 1).flatMap(({ effects }) => effects)
  return catalogEffects(after, 'rename column').some(
    (rename) => relationKey(rename.object) === relationKey(object) && rename.change.to === change.column,
  )
}
