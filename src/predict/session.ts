import type { FuncCall, Node, ResTarget, SelectStmt, VariableSetStmt } from '@pgsql/types'
import type { SessionSettings } from '../core/model.ts'
import { allOf, as, literalText, words } from '../sql/ast.ts'
import { defaultSearchPath, parseSearchPath, splitIdentifierList, type SearchPath } from '../sql/names.ts'

/** The settings that decide what statements mean and how long they wait. */
interface Values {
  readonly searchPath: SearchPath
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly timeZone: string
}

/**
 * SET, SET LOCAL and RESET as the files say them, on top of what production's sessions begin with, as far as the
 * configuration tells.
 */
export class Session {
  private readonly defaults: Values
  private sessionValues: Values
  /** In force now: SET LOCAL until the transaction ends. */
  private current: Values
  private atBegin: Values

  constructor(timeZone: string, settings: Readonly<Record<string, string>> = {}) {
    const given = Object.entries(settings).map(([name, value]) => readText(name, value))
    this.defaults = Object.assign(
      { searchPath: defaultSearchPath, lockTimeoutMs: 0, statementTimeoutMs: 0, timeZone },
      ...given,
    ) as Values
    this.sessionValues = this.current = this.atBegin = this.defaults
  }

  get path(): SearchPath {
    return this.current.searchPath
  }

  get settings(): SessionSettings {
    const { lockTimeoutMs, statementTimeoutMs, timeZone } = this.current
    return { lockTimeoutMs, statementTimeoutMs, timeZone }
  }

  /** A new connection. */
  reset(): void {
    this.sessionValues = this.current = this.atBegin = this.defaults
  }

  commit(): void {
    this.current = this.atBegin = this.sessionValues
  }

  rollback(): void {
    this.sessionValues = this.current = this.atBegin
  }

  /** Takes over what a statement sets, if it sets anything. */
  apply(tag: string, node: object): void {
    if (tag === 'VariableSetStmt') this.applySet(node as VariableSetStmt)
    else if (tag === 'SelectStmt') this.applySetConfig(node as SelectStmt)
    else if (tag === 'DiscardStmt' && (node as { target?: string }).target === 'DISCARD_ALL') {
      this.sessionValues = this.current = this.defaults
    }
  }

  private applySet(statement: VariableSetStmt): void {
    const { kind, name = '', args = [] } = statement
    if (kind === 'VAR_RESET_ALL') {
      this.change(this.defaults, false)
    } else if (kind === 'VAR_RESET' || kind === 'VAR_SET_DEFAULT') {
      this.change(this.defaultOf(name), statement.is_local === true)
    } else if (kind === 'VAR_SET_VALUE') {
      const values = args.map((argument) => literalText(argument) ?? '')
      this.change(readSetting(name, values), statement.is_local === true)
    }
  }

  /** SELECT set_config('search_path', '', false), as pg_dump writes it. */
  private applySetConfig(statement: SelectStmt): void {
    for (const target of allOf<ResTarget>(statement.targetList, 'ResTarget')) {
      const call = as<FuncCall>(target.val, 'FuncCall')
      if (call === undefined || words(call.funcname).at(-1) !== 'set_config') continue
      const [name, value, isLocal] = (call.args ?? []).map((argument: Node) => literalText(argument))
      if (name === undefined || value === undefined) continue
      this.change(readText(name, value), isLocal === 'true' || isLocal === 't')
    }
  }

  private defaultOf(name: string): Partial<Values> {
    const key = settingKeys[name.toLowerCase()]
    return key === undefined ? {} : { [key]: this.defaults[key] }
  }

  private change(values: Partial<Values>, isLocal: boolean): void {
    this.current = { ...this.current, ...values }
    if (!isLocal) this.sessionValues = { ...this.sessionValues, ...values }
  }
}

const settingKeys: Readonly<Record<string, keyof Values>> = {
  search_path: 'searchPath',
  lock_timeout: 'lockTimeoutMs',
  statement_timeout: 'statementTimeoutMs',
  timezone: 'timeZone',
}

/** A setting from the text form of its value, as set_config() and ALTER DATABASE take it. */
function readText(name: string, value: string): Partial<Values> {
  return readSetting(name, name.toLowerCase() === 'search_path' ? splitIdentifierList(value) : [value])
}

function readSetting(name: string, values: readonly string[]): Partial<Values> {
  const [first = ''] = values
  switch (name.toLowerCase()) {
    case 'search_path':
      return { searchPath: parseSearchPath(values) }
    case 'lock_timeout':
      return { lockTimeoutMs: readMilliseconds(first) }
    case 'statement_timeout':
      return { statementTimeoutMs: readMilliseconds(first) }
    case 'timezone':
      return { timeZone: first }
    default:
      return {}
  }
}

const unitMs: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `2s`, `500`, `1.5 min` in milliseconds, the unit of both timeouts; 0 when it is no duration. */
export function readMilliseconds(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/.exec(text)
  const factor = unitMs[match?.[2] === '' ? 'ms' : (match?.[2] ?? '')]
  return match === null || factor === undefined ? 0 : Math.round(Number(match[1]) * factor)
}
