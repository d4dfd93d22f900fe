import { defineRule, quoteIdent } from '../../src/rule.ts'

/** Not relocatable by their control files, and documented to live in public or a schema of their own. */
const settled = /^(?:postgis|timescaledb|citus|pg_cron|pgrouting|address_standardizer|pg_partman)/

export default defineRule({
  id: 'avoid-extension-in-public',
  title: 'Avoid extensions in the schema public',
  severity: 'info',
  since: '0.1.0',
  preset: 'security',
  messages: {
    inPublic: ({ name }: { name: string }) =>
      `Functions and types of ${name} stand among your own, and what publishes the schema public publishes them.`,
  },
  run({ schema, causeOf, report }) {
    const before = new Set((schema?.before.extensions ?? []).map(({ name }) => name))
    for (const { name, schema: home } of schema?.after.extensions ?? []) {
      if (home !== 'public' || before.has(name) || settled.test(name)) continue
      const at =
        causeOf({ kind: 'extension', schema: '', name }) ?? causeOf({ kind: 'extension', schema: home, name })
      if (at === undefined) continue
      report(
        'inPublic',
        { name },
        {
          on: name,
          at,
          because: [],
          evidence: 'schema',
          remedy: {
            summary: `Give it a schema: CREATE EXTENSION ${quoteIdent(name)} SCHEMA extensions, and name that in search_path.`,
            migrations: [],
          },
        },
      )
    }
  },
})
