import type { CatalogEffect } from '../core/model.ts'
import type { ChangedObject, RunStatement } from '../rule.ts'

/**
 * Looks up the last statement of the run whose catalogue effects name an object, or the table that it hangs on. Of tables
 * and their columns the one that created them: what comes after it (an index, a comment) is about something else.
 */
export function causeFinder(
  statements: readonly RunStatement[],
): (object: ChangedObject) => RunStatement | undefined {
  return (object) => {
    const { kind, table } = object
    return (
      (kind === 'table' ? last(statements, (effect) => makes(effect, object)) : undefined) ??
      last(statements, (effect) => isAbout(effect, object)) ??
      (table === undefined
        ? undefined
        : ((kind === 'column'
            ? last(statements, (effect) => effect.change.type === 'create' && isTable(effect, table))
            : undefined) ?? last(statements, (effect) => isTable(effect, table))))
    )
  }
}

function last(
  statements: readonly RunStatement[],
  matches: (effect: CatalogEffect) => boolean,
): RunStatement | undefined {
  return statements.findLast(({ effects }) =>
    effects.some((effect) => effect.kind === 'catalog' && matches(effect)),
  )
}

function isAbout({ object, change }: CatalogEffect, wanted: ChangedObject): boolean {
  if (wanted.kind === 'column' && wanted.table !== undefined)
    return `${object.schema}.${object.name}` === wanted.table && columnsOf(change).includes(wanted.name)
  if (object.schema !== wanted.schema || nameOf({ object, change }) !== wanted.name) return false
  return wanted.table === undefined || object.table === undefined || object.table === wanted.table
}

/** By CREATE, or by giving it its name. */
function makes(effect: CatalogEffect, wanted: ChangedObject): boolean {
  return ['create', 'rename', 'move schema'].includes(effect.change.type) && isAbout(effect, wanted)
}

/** What it is called afterwards. */
function nameOf({ object, change }: Pick<CatalogEffect, 'object' | 'change'>): string {
  return change.type === 'rename' ? change.to : object.name
}

function columnsOf(change: CatalogEffect['change']): readonly string[] {
  switch (change.type) {
    case 'add column':
      return [change.column.name]
    case 'rename column':
      return [change.to]
    case 'drop column':
    case 'change type':
    case 'set not null':
    case 'drop not null':
    case 'set default':
    case 'drop default':
      return [change.column]
    default:
      return []
  }
}

function isTable({ object }: CatalogEffect, table: string): boolean {
  return object.table === table || `${object.schema}.${object.name}` === table
}
