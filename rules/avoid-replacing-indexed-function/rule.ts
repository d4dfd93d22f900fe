import {
  callsRoutine,
  defineRule,
  displayName,
  enumerate,
  isOpaque,
  quoteName,
  reindexes,
  routineChanges,
  step,
  stepOutsideTransaction,
  usersOfRoutine,
  type CatalogRoutine,
  type RunStatement,
} from '../../src/rule.ts'

interface Words {
  readonly routine: string
  readonly objects: string
}

export default defineRule({
  id: 'avoid-replacing-indexed-function',
  title: 'Avoid replacing a function whose results are stored',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    staleIndex: ({ routine, objects }: Words) =>
      `Queries that use ${objects} miss rows, or find wrong ones, where ${routine} now returns something else: what an index holds is not computed anew.`,
    staleRows: ({ routine, objects }: Words) =>
      `Rows keep what ${routine} said when they were written: ${objects} not computed or checked anew.`,
  },
  run({ schema, statements, causeOf, report }) {
    if (schema === undefined) return
    for (const { routine, before } of routineChanges(schema)) {
      if (before === undefined || !isOtherCode(before, routine)) continue
      // with overloads an expression does not say which of them it calls
      const alike = schema.before.routines?.filter((one) => callsRoutine(`${quoteName(one)}(`, routine)) ?? []
      const at = causeOf({ kind: 'function', schema: routine.schema, name: routine.name })
      if (alike.length !== 1 || at === undefined) continue
      const { indexes, rows } = usersOfRoutine(schema, before)
      const later = statements.slice(statements.indexOf(at) + 1)
      const stale = indexes.filter(({ index, table }) =>
        later.every(({ statement }) => !reindexes(statement, index, table)),
      )
      const about = { on: displayName(routine), because: [], at, evidence: 'schema' as const }
      const name = `${displayName(routine)}()`
      if (stale.length > 0) {
        const names = stale.map(({ index }) => displayName(index))
        const anew = stale.map(({ index }) =>
          stepOutsideTransaction(`REINDEX INDEX CONCURRENTLY ${quoteName(index)}`),
        )
        const remedy = {
          summary: 'Build the index anew right after it.',
          migrations: isOpaque(at.statement) ? [] : [itself(at), ...anew],
        }
        report('staleIndex', { routine: name, objects: enumerate(names) }, { ...about, remedy })
      }
      if (rows.length > 0) {
        const summary =
          'Give the new code another name, and move generated columns and CHECK constraints to it one by one. Or, where it is only stricter or faster, write the rows anew in batches and validate the constraints again.'
        const objects = `${enumerate(rows)} ${rows.length === 1 ? 'is' : 'are'}`
        report('staleRows', { routine: name, objects }, { ...about, remedy: { summary, migrations: [] } })
      }
    }
  },
})

/** Another body, or another language; white space does not count. */
function isOtherCode(before: CatalogRoutine, after: CatalogRoutine): boolean {
  if (before.body === undefined || after.body === undefined || before.kind !== 'function') return false
  const plain = (body: string): string => body.replaceAll(/\s+/g, ' ').replace(/;? ?$/, '').trim()
  return before.language !== after.language || plain(before.body) !== plain(after.body)
}

function itself({ statement }: RunStatement): ReturnType<typeof step> {
  return statement.inTransactionBlock ? step(statement.sql) : stepOutsideTransaction(statement.sql)
}
