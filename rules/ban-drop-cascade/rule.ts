import {
  blockingLocks,
  catalogEffects,
  defineRule,
  displayName,
  dropSql,
  isOpaque,
  step,
  withoutCascade,
  type CatalogEffectOf,
  type Remedy,
  type Statement,
} from '../../src/rule.ts'

const shown = 5

export default defineRule({
  id: 'ban-drop-cascade',
  title: 'Ban CASCADE where it drops more than the statement names',
  severity: 'error',
  since: '0.1.0',
  messages: {
    dropsMore: ({ objects }: { objects: string }) =>
      `CASCADE drops more than the statement names: ${objects}.`,
  },
  statement({ statement, effects, report }) {
    const cascaded = catalogEffects(effects, 'drop').filter(
      ({ existedBefore, change }) => existedBefore && change.cascaded,
    )
    if (cascaded.length === 0) return
    const names = [...new Set(cascaded.map(describe))]
    const rest = names.length - shown
    report(
      'dropsMore',
      { objects: rest > 0 ? `${names.slice(0, shown).join(', ')} and ${rest} more` : names.join(', ') },
      {
        on: names.join(', '),
        because: [...cascaded, ...blockingLocks(effects)],
        remedy: explicitDrops(statement, cascaded),
      },
    )
  },
})

function describe({ object }: CatalogEffectOf<'drop'>): string {
  const kind = object.kind === 'table constraint' ? 'constraint' : object.kind
  const table = object.table?.replace(/^public\./, '')
  return `${kind} ${table === undefined ? displayName(object) : `${object.name} of ${table}`}`
}

function explicitDrops(statement: Statement, cascaded: readonly CatalogEffectOf<'drop'>[]): Remedy {
  const drops = cascaded.map(({ object }) => dropSql(object))
  const plain = withoutCascade(statement)
  const isComplete = !isOpaque(statement) && plain !== undefined && !drops.includes(undefined)
  return {
    summary:
      'Drop each of them by name, so that the review sees what goes; without CASCADE the statement then fails if anything was overlooked.',
    migrations: isComplete ? [step(...drops.filter((sql) => sql !== undefined), plain)] : [],
  }
}
