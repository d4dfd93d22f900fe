import { defineRule, displayName, fullNameOf, newConstraints, quoteIdent, quoteName } from '../../src/rule.ts'

export default defineRule({
  id: 'require-validated-constraint',
  title: 'Require that new constraints are validated',
  severity: 'info',
  since: '0.1.0',
  preset: 'strict',
  messages: {
    notValid: ({ name, table }: { name: string; table: string }) =>
      `Rows that are in ${table} already may break ${name}: nothing of this deployment validates it.`,
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    for (const { table, constraint } of newConstraints(schema)) {
      const { name, isValidated, isEnforced } = constraint
      const at = causeOf({ kind: 'constraint', schema: table.schema, name, table: fullNameOf(table) })
      if ((isValidated && isEnforced) || at === undefined) continue
      const sql = `ALTER TABLE ${quoteName(table)} VALIDATE CONSTRAINT ${quoteIdent(name)};`
      report(
        'notValid',
        { name, table: displayName(table) },
        {
          on: `${displayName(table)}.${name}`,
          at,
          because: [],
          evidence: 'schema',
          notes: isEnforced ? [] : ['It is NOT ENFORCED: rows that break it go on to come in.'],
          remedy: {
            summary: isEnforced
              ? `Add a migration of its own, outside of this transaction: ${sql}`
              : 'Have it enforced, or leave it out.',
            migrations: [],
          },
        },
      )
    }
  },
})
