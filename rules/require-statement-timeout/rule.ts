import {
  defineRule,
  existingRewrites,
  existingScans,
  settingGiven,
  unboundedWrites,
  type Effect,
  type RunStatement,
} from '../../src/rule.ts'

export default defineRule({
  id: 'require-statement-timeout',
  title: 'Require a statement_timeout around long statements',
  severity: 'info',
  since: '0.1.0',
  preset: 'strict',
  messages: {
    unlimited: () =>
      'Nothing ends this statement if it takes hours on production: neither statement_timeout nor transaction_timeout is set.',
  },
  run({ statements, report }) {
    for (const migration of new Set(statements.map((one) => one.migration))) {
      const own = statements.filter((one) => one.migration === migration)
      const limited = own.findIndex(({ statement }) => settingGiven(statement) === 'transaction_timeout')
      const at = (limited < 0 ? own : own.slice(0, limited)).find(isLong)
      if (at === undefined) continue
      report('unlimited', undefined, {
        at,
        because: workOf(at),
        remedy: {
          summary: "Begin the migration with SET LOCAL statement_timeout = '…', a few times what it takes.",
          migrations: [],
        },
      })
    }
  },
})

function workOf({ effects }: RunStatement): readonly Effect[] {
  return [...existingRewrites(effects), ...existingScans(effects), ...unboundedWrites(effects)]
}

/** Works on a table in use; forms that commit by themselves block nobody, and leave a mess when they are cut off. */
function isLong(view: RunStatement): boolean {
  const { statement, settings, effects } = view
  const commitsItself = effects.some((effect) => effect.kind === 'lock' && effect.until === 'statement')
  if (settings.statementTimeoutMs > 0 || commitsItself) return false
  return statement.tag !== 'VacuumStmt' && workOf(view).length > 0
}
