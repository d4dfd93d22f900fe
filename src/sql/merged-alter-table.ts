import type { Statement } from '../core/model.ts'
import { alterActions } from './statement-nodes.ts'
import { normalizeSql, splitAtCommas } from './tokens.ts'

/**
 * One ALTER TABLE with the actions of all of them, as written, in their order. Undefined where they do not begin with
 * the same words (ONLY, IF EXISTS), or one is no ALTER TABLE.
 */
export function mergedAlterTable(statements: readonly Statement[]): string | undefined {
  const actions = statements.map(alterActions)
  const head = actions[0]?.[0]?.head
  if (head === undefined) return undefined
  if (!actions.every(([first]) => first !== undefined && normalizeSql(first.head) === normalizeSql(head)))
    return undefined
  return `${head}\n${actions
    .flat()
    .map(({ text }) => `  ${text}`)
    .join(',\n')}`
}

/** Are all actions of the statement among those of this ALTER TABLE? */
export function holdsActionsOf(alterTable: string, statement: Statement): boolean {
  const actions = alterActions(statement)
  const [first] = actions
  const [whole, head] = [normalizeSql(alterTable), normalizeSql(first?.head ?? '')]
  if (first === undefined || !whole.startsWith(`${head} `)) return false
  const pieces = new Set(splitAtCommas(whole.slice(head.length)))
  return actions.every(({ text }) => pieces.has(normalizeSql(text)))
}
