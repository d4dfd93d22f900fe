import {
  defineRule,
  displayName,
  displayType,
  existingTypeChanges,
  isProvenShort,
  quoteIdent,
  relationKey,
  typeConversion,
  typeLossIn,
  unfitValues,
  type CatalogEffectOf,
  type CatalogTable,
  type Preflight,
  type RunContext,
  type RunStatement,
  type Severity,
  type TypeConversion,
  type TypeLoss,
} from '../../src/rule.ts'

const messages = {
  fails: ({ column, what }: { column: string; what: string }) =>
    `The change stops with an error at the first ${column} that is ${what}, and writes of such values fail from then on.`,
  changesValues: ({ column, what }: { column: string; what: string }) =>
    `Values of ${column} become other ones for good, without an error: ${what}.`,
  cutsValues: ({ column, by }: { column: string; by: string }) =>
    `What ${by}() leaves of ${column} is all that stays: the rest is gone for good.`,
  readsText: ({ column, type }: { column: string; type: string }) =>
    `The change stops with an error at the first ${column} that cannot be read as ${type}.`,
  losesZone: ({ column, zone }: { column: string; zone: string }) =>
    `Moments in ${column} become wall-clock times of the session's time zone, here ${zone}, and no row tells which zone that was.`,
}

type Context = RunContext<typeof messages>
type Change = CatalogEffectOf<'change type'>

export default defineRule({
  id: 'avoid-lossy-type-change',
  title: 'Avoid changes of type that not every value survives',
  severity: 'error',
  since: '0.1.0',
  messages,
  run(context) {
    for (const at of context.statements)
      for (const change of existingTypeChanges(at.effects)) judge(context, at, change)
  },
})

function judge(context: Context, at: RunStatement, effect: Change): void {
  const { object, change } = effect
  const conversion = typeConversion(at.statement, change.column)
  const column = `${displayName(object)}.${change.column}`
  const table = context.schema?.before.tables.find((one) => relationKey(one) === relationKey(object))
  if (conversion === undefined) return
  const about = { on: column, because: [effect], at }
  if (conversion.by === 'expression') return reportCut(context, conversion, { ...about, effect, table })
  if (change.from.endsWith('with time zone') && change.to === 'timestamp without time zone') {
    const zone = at.settings.timeZone
    const summary = `Say which zone is meant: USING ${quoteIdent(change.column)} AT TIME ZONE 'UTC'. Then it does not depend on who runs it.`
    const remedy = { summary, migrations: [] }
    return context.report('losesZone', { column, zone }, { ...about, severity: 'warning', remedy })
  }
  const loss = typeLossIn(context.schema, change, conversion.by)
  if (loss === undefined || isProvenShort(table, change.column, change.to)) return
  const prepared = isPrepared(context, at, effect)
  const worst = prepared || loss.isMinor === true ? 'info' : severities[loss.outcome]
  const options = {
    ...about,
    severity: worst,
    notes: prepared ? [preparedNote] : [],
    remedy: { summary: remedies[loss.outcome], migrations: [] },
    preflight: preflightOf(effect, loss.condition, table),
  }
  if (loss.outcome === 'fails') context.report('fails', { column, what: loss.what }, options)
  else if (loss.outcome === 'changes') context.report('changesValues', { column, what: loss.what }, options)
  else context.report('readsText', { column, type: displayType(loss.what) }, options)
}

const preparedNote =
  'An earlier statement of the run writes to it: where that makes all values fit, nothing is lost.'

const severities: Readonly<Record<TypeLoss['outcome'], Severity>> = {
  changes: 'error',
  fails: 'warning',
  parses: 'info',
}

const remedies: Readonly<Record<TypeLoss['outcome'], string>> = {
  changes:
    'Look at what would change first. Where any of it counts, put the new values into a second column, compare, and drop the old one a release later.',
  fails:
    'Look for such values first, and decide what becomes of them. A CHECK constraint, added NOT VALID and validated later, keeps new ones out without touching the type.',
  parses: 'Look for such values first, and mend them in a migration before this one.',
}

/** Did the run itself write to the column, or take rows out, before? */
function isPrepared({ statements }: Context, at: RunStatement, { object, change }: Change): boolean {
  const earlier = statements.slice(0, statements.indexOf(at))
  return earlier.some(({ effects, statement }) =>
    effects.some(
      (effect) =>
        effect.kind === 'write' &&
        relationKey(effect.relation) === relationKey(object) &&
        effect.command !== 'INSERT' &&
        (effect.command === 'DELETE' || statement.sql.includes(change.column)),
    ),
  )
}

interface About {
  readonly on: string
  readonly because: readonly Change[]
  readonly at: RunStatement
  readonly effect: Change
  readonly table: CatalogTable | undefined
}

function reportCut(
  { report }: Context,
  { text, cutting }: TypeConversion & { readonly by: 'expression' },
  { effect, table, ...about }: About,
): void {
  const [by] = cutting
  if (by === undefined) return
  const { from } = effect.change
  const differs = (value: string): string => `CAST((${text}) AS ${from}) IS DISTINCT FROM ${value}`
  report(
    'cutsValues',
    { column: about.on, by },
    {
      ...about,
      severity: 'warning',
      remedy: { summary: remedies.changes, migrations: [] },
      preflight: /\bjson\b/.test(from) ? [] : preflightOf(effect, differs, table, `(${text})`),
    },
  )
}

function preflightOf(
  { object, change }: Change,
  condition: TypeLoss['condition'],
  table: CatalogTable | undefined,
  result?: string,
): readonly Preflight[] {
  return condition === undefined
    ? []
    : [unfitValues({ object, column: change.column, condition, table, result })]
}
