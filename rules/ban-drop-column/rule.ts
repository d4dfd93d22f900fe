import {
  blockingLocks,
  catalogEffects,
  defineRule,
  displayName,
  enumerate,
  isOpaque,
  stepAccepted,
} from '../../src/rule.ts'

export default defineRule({
  id: 'ban-drop-column',
  title: 'Ban dropping columns that running code may use',
  severity: 'error',
  since: '0.1.0',
  messages: {
    breaksQueries: ({ columns }: { columns: string }) =>
      `Every query of running code that names ${columns} fails once this commits, and the data is gone.`,
  },
  statement({ statement, effects, settings, report }) {
    // a column that this run added carries existedBefore: false
    const dropped = catalogEffects(effects, 'drop column').filter(({ existedBefore }) => existedBefore)
    if (dropped.length === 0) return
    const columns = enumerate([
      ...new Set(dropped.map(({ object, change }) => `${displayName(object)}.${change.column}`)),
    ])
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
                stepAccepted(
                  settings,
                  'ban-drop-column',
                  '<the release since which no code names it>',
                  statement.sql,
                ),
              ],
        },
      },
    )
  },
})
