import {
  capitalize,
  catalogEffects,
  defineRule,
  displayName,
  enumerate,
  existingTableLocks,
  starSources,
  storedCode,
  type QueryLevel,
  type QuerySource,
  type StatementView,
  type StoredCode,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-select-star',
  title: 'Avoid selecting all columns in views and functions',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    frozen: ({ name, tables }: { name: string; tables: string }) =>
      `${capitalize(name)} keeps the columns that ${tables} has today, so later ones are missing in it and no old one can be dropped or get another type.`,
    fails: ({ name, tables }: { name: string; tables: string }) =>
      `Calls of ${name} fail as soon as ${tables} gets another column, because the result of SELECT * no longer fits.`,
  },
  statement(context) {
    const { statement, effects, report } = context
    const code = storedCode(statement)
    if (code === undefined) return
    const tables = starredTables(code).filter((source) => !isNew(context, source))
    if (tables.length === 0) return
    const own = code.kind === 'view' ? `the view ${nameOf(code.name)}` : `${nameOf(code.name)}()`
    const names = enumerate([...new Set(tables.map(nameOf))].toSorted())
    report(
      code.expands === 'once' ? 'frozen' : 'fails',
      { name: own, tables: names },
      {
        on: nameOf(code.name),
        because: [
          ...catalogEffects(effects, 'create').filter(({ object }) => object.name === code.name.name),
          ...existingTableLocks(effects).filter(({ relation }) =>
            tables.some(({ name }) => name === relation.name),
          ),
        ],
        remedy: {
          summary:
            code.kind === 'view'
              ? 'List the columns that the view is for.'
              : `List the columns, or let the function return the row itself: RETURNS SETOF ${names}.`,
          migrations: [],
        },
      },
    )
  },
})

interface Name {
  readonly schema?: string | undefined
  readonly name?: string
}

function nameOf({ schema, name = '' }: Name): string {
  return displayName({ schema: schema ?? '', name })
}

/** Tables whose columns `*` stands for, where that reaches the result or another table. */
function starredTables(code: StoredCode): readonly QuerySource[] {
  const last = code.statements.length - 1
  return code.statements.flatMap((levels, index) => {
    const reaching = levels.filter((level) => reachesOut(code, level, index === last))
    return reaching
      .flatMap(starSources)
      .filter(
        (source) => source.kind === 'table' && source.name !== code.returns?.name && !isOfServer(source),
      )
  })
}

function isOfServer({ schema, name = '' }: Name): boolean {
  return schema === 'information_schema' || schema === 'pg_catalog' || name.startsWith('pg_')
}

/** count(*), EXISTS (SELECT * …) and the statements of a function before its last give no column away. */
function reachesOut({ kind, returns, expands }: StoredCode, { role }: QueryLevel, isLast: boolean): boolean {
  if (role === 'insert') return true
  const gives = role === 'statement' || role === 'from' || role === 'common table'
  if (kind === 'view' || expands === 'once') return gives
  return gives && isLast && returns?.name !== 'void'
}

/**
 * A table of the same run, whose columns are still being made up, or one that it renamed: a view under the old name
 * has to have all of them, for as long as old code needs it.
 */
function isNew({ earlier }: { readonly earlier: readonly StatementView[] }, { name }: Name): boolean {
  return earlier.some(
    ({ effects }) =>
      catalogEffects(effects, 'create').some(
        ({ object }) => object.kind === 'table' && object.name === name,
      ) || catalogEffects(effects, 'rename').some(({ change }) => change.to === name),
  )
}
