import {
  blockingLocks,
  catalogEffects,
  defineRule,
  displayName,
  explicitDropSteps,
  isOpaque,
  relationKey,
  type CatalogEffectOf,
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
  statement({ statement, effects, settings, report }) {
    if (!isOpaque(statement) && !/\bcascade\b/i.test(statement.sql)) return
    const drops = catalogEffects(effects, 'drop')
    const gone = new Set(drops.map(({ object }) => relationKey(object)))
    // what hangs on a dropped or altered table goes with or without CASCADE
    for (const { object } of catalogEffects(effects, 'drop column')) gone.add(relationKey(object))
    const cascaded = drops.filter(
      ({ object, existedBefore, change }) =>
        existedBefore && change.cascaded && !(object.table !== undefined && gone.has(object.table)),
    )
    if (cascaded.length === 0) return
    const names = [...new Set(cascaded.map(describe))].toSorted()
    const rest = names.length - shown
    report(
      'dropsMore',
      { objects: rest > 0 ? `${names.slice(0, shown).join(', ')} and ${rest} more` : names.join(', ') },
      {
        on: names.join(', '),
        because: [...cascaded, ...blockingLocks(effects)],
        remedy: {
          summary:
            'Drop each of them by name, so that the review sees what goes; without CASCADE the statement then fails if anything was overlooked.',
          migrations: explicitDropSteps(
            statement,
            settings,
            cascaded.map(({ object }) => object),
          ),
        },
      },
    )
  },
})

function describe({ object }: CatalogEffectOf<'drop'>): string {
  const kind = object.kind === 'table constraint' ? 'constraint' : object.kind
  const table = object.table?.replace(/^public\./, '')
  return `${kind} ${table === undefined ? displayName(object) : `${object.name} of ${table}`}`
}
