import { displayName } from '../core/locks.ts'
import { printableLine } from './printable.ts'
import type { Effect } from '../core/model.ts'

/**
 * The names of tables, indexes, columns and so on that sentences about these effects hold, as they are printed there:
 * to set them off from the words around, which `orders` and `reviews` look like.
 */
export function objectNames(effects: readonly Effect[]): ReadonlySet<string> {
  return new Set(effects.flatMap(namesIn).map(printableLine))
}

function namesIn(effect: Effect): readonly string[] {
  if (effect.kind === 'catalog') {
    const { object, change } = effect
    const column = 'column' in change ? change.column : undefined
    return [
      displayName(object),
      ...tableName(object.table),
      ...(column === undefined ? [] : [typeof column === 'string' ? column : column.name]),
      ...('from' in change && change.type !== 'change type' ? [change.from, change.to] : []),
    ]
  }
  return 'relation' in effect ? [displayName(effect.relation), ...tableName(effect.relation.table)] : []
}

/** `orders` for `public.orders`; other schemas make a word that is set off anyway. */
function tableName(qualified: string | undefined): readonly string[] {
  return qualified?.startsWith('public.') === true ? [qualified.slice('public.'.length)] : []
}
