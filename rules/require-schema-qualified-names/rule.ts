import { defineRule, enumerate, settingGiven, unqualifiedNames } from '../../src/rule.ts'

export default defineRule({
  id: 'require-schema-qualified-names',
  title: 'Require names with their schemas in CREATE, ALTER and DROP',
  severity: 'info',
  since: '0.1.0',
  preset: 'strict',
  messages: {
    unqualified: ({ names, count }: { names: string; count: string }) =>
      `The search_path of whoever runs it decides the meaning of ${names}${count}.`,
  },
  run({ statements, report }) {
    for (const migration of new Set(statements.map((one) => one.migration))) {
      const own = statements.filter((one) => one.migration === migration)
      const path = own.findIndex(({ statement }) => settingGiven(statement) === 'search_path')
      const open = path < 0 ? own : own.slice(0, path)
      const temporary = new Set(own.flatMap(({ statement }) => temporaryNames(statement)))
      const named = open.map((at) => ({
        at,
        names: unqualifiedNames(at.statement).filter((name) => !temporary.has(name)),
      }))
      const first = named.find(({ names }) => names.length > 0)
      if (first === undefined) continue
      const all = [...new Set(named.flatMap(({ names }) => names))]
      const rest = all.length - 3
      report(
        'unqualified',
        { names: enumerate(all.slice(0, 3)), count: rest > 0 ? ` (and ${rest} more)` : '' },
        {
          on: all[0] ?? '',
          at: first.at,
          because: [],
          remedy: { summary: 'Write schema.name, or SET LOCAL search_path first.', migrations: [] },
        },
      )
    }
  },
})

function temporaryNames({ tag, node }: { tag: string; node: object | undefined }): readonly string[] {
  if (tag !== 'CreateStmt' && tag !== 'CreateTableAsStmt') return []
  const { relation, into } = (node ?? {}) as { relation?: Name; into?: { rel?: Name } }
  const name = relation ?? into?.rel
  return name?.relpersistence === 't' && name.relname !== undefined ? [name.relname] : []
}

interface Name {
  readonly relname?: string
  readonly relpersistence?: string
}
