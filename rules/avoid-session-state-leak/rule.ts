import {
  byMigration,
  defineRule,
  enumerate,
  harmOfSetting,
  settingsLeft,
  settingsOfHead,
  step,
  type LeftSetting,
  type Migration,
  type Remedy,
  type SessionSettings,
  type Statement,
} from '../../src/rule.ts'

export default defineRule({
  id: 'avoid-session-state-leak',
  title: 'Avoid settings that outlive their migration',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    leaks: ({ effect, settings }: { effect: string; settings: string }) =>
      `Migrations that run after this one in the same session ${effect}: it leaves ${settings} behind.`,
  },
  run({ statements, sharesSession, usualSettings, sessionBegins = unlimited, report }) {
    const files = [...byMigration(statements)]
    for (const [index, [migration, file]] of files.entries()) {
      const next = files[index + 1]?.[1]
      const goesOn = next?.[0]?.statement.transaction === file.at(-1)?.statement.transaction
      if (!sharesSession && !goesOn) continue
      const left = settingsLeft(
        file.map(({ statement }) => statement),
        goesOn,
      )
      const usual =
        next === undefined ? usualSettings : settingsOfHead(next.map(({ statement }) => statement))
      const harmful = left.flatMap((one) => {
        const harm = harmOfSetting(one, sessionBegins)
        return harm === undefined || usual.includes(one.name) ? [] : [{ ...one, harm }]
      })
      const worst = harmful.find(({ harm }) => harm.severity === 'warning') ?? harmful[0]
      const at = file.find(({ statement }) => statement === worst?.by)
      if (worst === undefined || at === undefined || isToldByTool(worst, migration)) continue
      report(
        'leaks',
        { effect: worst.harm.effect, settings: enumerate(harmful.map(({ name }) => name)) },
        {
          at,
          on: worst.name,
          because: [],
          severity: worst.harm.severity,
          notes: [
            goesOn
              ? 'It runs in one transaction with the next migration.'
              : 'The migration tool runs all of them in one session.',
          ],
          remedy: remedyFor(worst, harmful, at.statement),
        },
      )
    }
  },
})

const unlimited: SessionSettings = { lockTimeoutMs: 0, statementTimeoutMs: 0, timeZone: 'UTC' }

type Left = LeftSetting<Statement>

/** Their books are in a table that they name without its schema: `refused-by-tool` says it. */
function isToldByTool({ name, value }: Left, { source }: Migration): boolean {
  const looksUp = ['dbmate', 'goose', 'pop', 'rambler', 'sql-migrate', 'diesel', 'refinery', 'sqlx']
  return (
    name === 'search_path' && looksUp.includes(source) && !/(?:^|[\s,'"])public(?:$|[\s,'"])/i.test(value)
  )
}

function remedyFor(
  { by, isLocal }: Left,
  all: readonly Left[],
  { inTransactionBlock, tag, sql }: Statement,
): Remedy {
  const resets = all.map(({ name }) => resetOf(name))
  const atEnd = `end the file with ${enumerate(resets)}`
  if (isLocal || !inTransactionBlock)
    return { summary: `${atEnd.charAt(0).toUpperCase()}${atEnd.slice(1)}.`, migrations: [] }
  const local = sql.replace(/^set\s+(?:session\s+(?!authorization\b|characteristics\b))?/i, 'SET LOCAL ')
  const canBeLocal = tag === 'VariableSetStmt' && by.node?.['kind'] === 'VAR_SET_VALUE'
  return {
    summary: `Use SET LOCAL, which ends with the transaction, or ${atEnd}.`,
    migrations: canBeLocal ? [step(local)] : [],
  }
}

function resetOf(name: string): string {
  return name === 'session_authorization'
    ? 'RESET SESSION AUTHORIZATION'
    : `RESET ${name === 'role' ? 'ROLE' : name}`
}
