import {
  blockingLocks,
  catalogEffects,
  defineRule,
  displayName,
  isOpaque,
  lostNames,
  nameAll,
  relationKey,
  stepAccepted,
  type Effect,
  type TransactionView,
} from '../../src/rule.ts'

const holdsRows: ReadonlySet<string> = new Set([
  'table',
  'partitioned table',
  'foreign table',
  'materialized view',
])

export default defineRule({
  id: 'ban-drop-table',
  title: 'Ban dropping tables that running code may use',
  severity: 'error',
  since: '0.1.0',
  brokenCode: 'assumed',
  messages: {
    losesTable: ({ tables }: { tables: string }) =>
      `Every query of running code that names ${tables} fails once this commits, and the rows are gone.`,
    losesObject: ({ kind, name }: { kind: string; name: string }) =>
      `Running code that uses the ${kind} ${name} fails once this commits.`,
  },
  statement({ statement, effects, settings, transaction, report }) {
    const dropped = catalogEffects(effects, 'drop').filter(
      ({ object, existedBefore, change }) =>
        existedBefore &&
        !change.cascaded &&
        holdsRows.has(object.kind) &&
        // a materialized view holds nothing that cannot be computed again
        !(object.kind === 'materialized view' && isReplaced(transaction, object)),
    )
    if (dropped.length === 0) return
    const tables = nameAll(dropped.map(({ object }) => object))
    const because: readonly Effect[] = [...dropped, ...blockingLocks(effects)]
    report(
      'losesTable',
      { tables },
      {
        on: tables,
        because,
        remedy: {
          summary:
            'Release code that does not use it first. Rename it and wait a while, if in doubt: a rename can be taken back. Then drop it, and say so in an allow comment.',
          migrations: isOpaque(statement)
            ? []
            : [
                {
                  ...stepAccepted(
                    settings,
                    'ban-drop-table',
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
  run({ schema, causeOf, report }) {
    for (const { from, to } of schema === undefined ? [] : lostNames(schema)) {
      const at = to === undefined ? causeOf(from) : undefined
      const because = catalogEffects(at?.effects ?? [], 'drop').filter(
        ({ object, change }) => relationKey(object) === relationKey(from) && !change.cascaded,
      )
      if (at === undefined || because.length === 0) continue
      const name = displayName(from)
      const summary = 'Release code that does not use it first, then drop it, and say so in an allow comment.'
      report(
        'losesObject',
        { kind: from.kind, name },
        { on: name, because, at, severity: 'warning', remedy: { summary, migrations: [] } },
      )
    }
  },
})

function isReplaced(
  { statements }: TransactionView,
  view: { readonly schema: string; readonly name: string },
): boolean {
  const effects = statements.flatMap((member) => member.effects)
  return (
    catalogEffects(effects, 'create').some(
      ({ object }) => object.kind === 'materialized view' && relationKey(object) === relationKey(view),
    ) ||
    catalogEffects(effects, 'rename').some(
      ({ object, change }) => object.schema === view.schema && change.to === view.name,
    )
  )
}
