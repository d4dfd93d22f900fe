import type { DefElem, DoStmt, FuncCall, Node, ResTarget, SelectStmt, VariableSetStmt } from '@pgsql/types'
import type { Statement } from '../core/model.ts'
import { allOf, as, literalText, words } from './ast.ts'
import { readDoBlock } from './routine-body.ts'
import { transactionCommand } from './transactions.ts'

/** A setting that a script leaves in its session. */
export interface LeftSetting<S> {
  /** In lower case; `role` and `session_authorization` are settings too. */
  readonly name: string
  readonly value: string
  /** SET LOCAL: until the transaction ends. */
  readonly isLocal: boolean
  /** Which set it. */
  readonly by: S
}

interface Change {
  /** Absent: all of them. */
  readonly name?: string
  /** Absent: back to what the session began with. */
  readonly value?: string
  readonly isLocal: boolean
}

/**
 * Settings that are in force when the last statement has run and were not when the first began, in the order of their
 * statements; also those that a DO block sets. What functions set is not known. `keepsLocal`: the transaction in which
 * the last statement stands goes on, and with it what SET LOCAL set.
 */
export function settingsLeft<S extends Pick<Statement, 'tag' | 'node' | 'sql' | 'transaction'>>(
  statements: readonly S[],
  keepsLocal: boolean,
): readonly LeftSetting<S>[] {
  let left = new Map<string, LeftSetting<S>>()
  let atBegin = left
  let transaction: number | undefined
  for (const by of statements) {
    if (by.transaction !== transaction) {
      left = withoutLocal(left)
      atBegin = new Map(left)
      transaction = by.transaction
    }
    if (by.node === undefined) continue
    if (transactionCommand(by.tag, by.node) !== 'none' && by.node['kind'] === 'TRANS_STMT_ROLLBACK')
      left = new Map(atBegin)
    for (const change of changesOf(by.tag, by.node, by.sql)) apply(left, change, by)
  }
  return [...(keepsLocal ? left : withoutLocal(left)).values()]
}

/** Settings that a script sets before it does anything else: it does not mind what it finds. */
export function settingsOfHead(
  statements: readonly Pick<Statement, 'tag' | 'node' | 'sql' | 'transaction'>[],
): readonly string[] {
  const other = statements.findIndex(({ tag }) => tag !== 'VariableSetStmt' && tag !== 'TransactionStmt')
  const head = other < 0 ? statements : statements.slice(0, other)
  return settingsLeft(head, true).map(({ name }) => name)
}

function withoutLocal<S>(settings: ReadonlyMap<string, LeftSetting<S>>): Map<string, LeftSetting<S>> {
  return new Map([...settings].filter(([, { isLocal }]) => !isLocal))
}

/** RESET ALL leaves the two that say who one is (GUC_NO_RESET_ALL, guc_tables.c). */
const keptByResetAll: ReadonlySet<string> = new Set(['role', 'session_authorization'])

function apply<S>(left: Map<string, LeftSetting<S>>, { name, value, isLocal }: Change, by: S): void {
  if (name === undefined) {
    for (const known of left.keys()) if (!keptByResetAll.has(known)) left.delete(known)
  } else if (value === undefined) {
    left.delete(name)
    if (name === 'session_authorization') left.delete('role')
  } else {
    // the last to be set stands last
    left.delete(name)
    left.set(name, { name, value, isLocal, by })
  }
}

function changesOf(tag: string, node: object, sql: string): readonly Change[] {
  switch (tag) {
    case 'VariableSetStmt':
      return changesOfSet(node as VariableSetStmt)
    case 'SelectStmt':
      return changesOfCalls(node as SelectStmt)
    case 'DiscardStmt':
      return (node as { target?: string }).target === 'DISCARD_ALL'
        ? [{ isLocal: false }, ...[...keptByResetAll].map((name) => ({ name, isLocal: false }))]
        : []
    case 'DoStmt':
      return readDoBlock(node as DoStmt, sql).statements.flatMap((inner) =>
        inner.tag === 'DoStmt' ? [] : changesOf(inner.tag, inner.value, sql),
      )
    default:
      return []
  }
}

function changesOfSet(statement: VariableSetStmt): readonly Change[] {
  const { kind, name = '', args = [], is_local: isLocal = false } = statement
  const setting = name.toLowerCase()
  switch (kind) {
    case 'VAR_RESET_ALL':
      return [{ isLocal: false }]
    case 'VAR_RESET':
    case 'VAR_SET_DEFAULT':
      return [{ name: setting, isLocal }]
    case 'VAR_SET_VALUE': {
      const value = args.map((argument) => literalText(argument) ?? '').join(', ')
      return [
        setting === 'role' && value === 'none'
          ? { name: setting, isLocal }
          : { name: setting, value, isLocal },
      ]
    }
    case 'VAR_SET_MULTI':
      return name === 'SESSION CHARACTERISTICS' ? characteristics(args) : []
    default:
      return []
  }
}

/** SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY sets default_transaction_read_only. */
function characteristics(args: readonly Node[]): readonly Change[] {
  return allOf<DefElem>(args, 'DefElem').map(({ defname = '', arg }) => ({
    name: `default_${defname}`,
    value: literalText(arg) ?? '',
    isLocal: false,
  }))
}

/** set_config('search_path', '', false), as pg_dump writes it. */
function changesOfCalls({ targetList }: SelectStmt): readonly Change[] {
  return allOf<ResTarget>(targetList, 'ResTarget').flatMap(({ val }): readonly Change[] => {
    const call = as<FuncCall>(val, 'FuncCall')
    if (call === undefined || words(call.funcname).at(-1) !== 'set_config') return []
    const [name, value, isLocal = ''] = (call.args ?? []).map((argument) => literalText(argument))
    if (name === undefined || value === undefined) return []
    return [{ name: name.toLowerCase(), value, isLocal: /^(?:t|true|on|yes|1)$/i.test(isLocal) }]
  })
}
