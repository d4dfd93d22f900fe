import {
  catalogEffects,
  defineRule,
  displayName,
  fullNameOf,
  grouped,
  quoteIdent,
  quoteName,
  type CatalogTable,
  type CatalogTrigger,
  type Remedy,
  type RunStatement,
} from '../../src/rule.ts'

/** Triggers of one table that one statement has left switched off. */
interface Left {
  readonly table: CatalogTable
  readonly trigger: CatalogTrigger
  readonly at: RunStatement
}

export default defineRule({
  id: 'ban-disabled-trigger',
  title: 'Ban leaving triggers disabled',
  severity: 'warning',
  since: '0.1.0',
  messages: {
    staysOff: ({ table, triggers }: { table: string; triggers: string }) =>
      `Whatever is written to ${table} from now on goes past ${triggers}, which this leaves disabled.`,
    keyUnchecked: ({ table, keys }: { table: string; keys: string }) =>
      `Rows that break ${keys} can be written through ${table} from now on, and nothing finds them later: the triggers that check it are left disabled.`,
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    const left = schema.after.tables.flatMap((table): readonly Left[] => {
      const before = schema.before.tables.find(({ id }) => id === table.id)
      return newlyOff(before, table, schema.after.tables).flatMap((trigger) => {
        const at = causeOf({
          kind: 'trigger',
          schema: table.schema,
          name: trigger.name,
          table: fullNameOf(table),
        })
        return at === undefined ? [] : [{ table, trigger, at }]
      })
    })
    const groups = grouped(left, ({ table, trigger, at }) =>
      JSON.stringify([table.id, trigger.constraint === undefined, at.migration.file, at.statement.index]),
    )
    for (const group of groups) {
      const [{ table, trigger, at }] = group
      const name = displayName(table)
      const because = catalogEffects(at.effects).filter(({ object }) => object.name === table.name)
      const shared = { on: name, at, because, evidence: 'schema' as const, remedy: remedyFor(table, group) }
      if (trigger.constraint === undefined) {
        const isChecked = group.some((one) => one.trigger.isConstraint === true)
        const triggers = named(
          group.map((one) => one.trigger.name),
          'trigger',
        )
        report(
          'staysOff',
          { table: name, triggers },
          { ...shared, ...(isChecked ? { severity: 'error' } : {}) },
        )
      } else {
        const keys = named([...new Set(group.map((one) => one.trigger.constraint ?? ''))], 'foreign key')
        report('keyUnchecked', { table: name, keys }, { ...shared, severity: 'error' })
      }
    }
  },
})

/** Those that fired before, or are new, and do not fire for ordinary sessions any more. */
function newlyOff(
  before: CatalogTable | undefined,
  { triggers = [], partitionOf }: CatalogTable,
  all: readonly CatalogTable[],
): readonly CatalogTrigger[] {
  const isOff = ({ enabled }: CatalogTrigger): boolean => enabled === 'disabled' || enabled === 'replica'
  const parent = all.find((table) => fullNameOf(table) === partitionOf)
  return triggers.filter((trigger) => {
    if (!isOff(trigger)) return false
    const same = (one: CatalogTrigger): boolean =>
      trigger.constraint === undefined ? one.name === trigger.name : one.constraint === trigger.constraint
    // told with its parent
    if (trigger.isInherited === true && parent?.triggers?.some((one) => same(one) && isOff(one)) === true)
      return false
    return before?.triggers?.some((one) => same(one) && isOff(one)) !== true
  })
}

function named(names: readonly string[], kind: string): string {
  const words = names.length === 1 ? `the ${kind}` : `the ${kind}s`
  return `${words} ${names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`}`
}

function remedyFor(table: CatalogTable, group: readonly Left[]): Remedy {
  const triggers = group.flatMap(({ trigger }) => (trigger.constraint === undefined ? [trigger.name] : []))
  const enable =
    triggers.length === 0
      ? ['ENABLE TRIGGER ALL']
      : triggers.map((name) => `ENABLE TRIGGER ${quoteIdent(name)}`)
  return {
    summary: `Enable again what is disabled, before the transaction ends: \`ALTER TABLE ${quoteName(table)} ${enable.join(', ')};\`. If it is to stay off, drop it instead.`,
    migrations: [],
  }
}
