/** What CREATE [OR REPLACE] FUNCTION sets back to its default where it does not repeat it. */
import type { SchemaFacts, SchemaObject } from '../replay/fingerprint.ts'
import { quoteIdent, quoteLiteral } from '../sql/quote.ts'
import type { SilentContext, SilentFact } from './model.ts'
import { lastPart, shownName } from './names.ts'
import { sayingOf } from './words.ts'

interface RoutineFact {
  /** The option of CREATE FUNCTION that says it. */
  readonly option: string
  readonly severity: SilentFact['severity']
  /** As it is when nothing is said. */
  readonly usual: RegExp
  readonly consequence: (name: string, was: string) => string
  readonly restore: (was: string) => string
}

const facts: Readonly<Record<string, RoutineFact>> = {
  security: {
    option: 'security',
    severity: 'warning',
    usual: /^invoker$/,
    consequence: (name) => `${name} runs with the rights of its caller, no longer with those of its owner`,
    restore: () => 'SECURITY DEFINER',
  },
  strict: {
    option: 'strict',
    severity: 'warning',
    usual: /^called on null input$/,
    consequence: (name) => `${name} is called with NULL arguments, for which it has returned NULL at once`,
    restore: () => 'STRICT',
  },
  volatility: {
    option: 'volatility',
    severity: 'warning',
    usual: /^volatile$/,
    consequence: (name, was) => `the planner takes ${name} for volatile, no longer for ${was}`,
    restore: (was) => was.toUpperCase(),
  },
  leakproof: {
    option: 'leakproof',
    severity: 'warning',
    usual: /^not leakproof$/,
    consequence: (name) =>
      `${name} is no longer leakproof, so it is kept behind row security and barrier views`,
    restore: () => 'LEAKPROOF',
  },
  parallel: {
    option: 'parallel',
    severity: 'warning',
    usual: /^unsafe$/,
    consequence: (name) => `no query that calls ${name} runs in parallel any more`,
    restore: (was) => `PARALLEL ${was.toUpperCase()}`,
  },
  cost: {
    option: 'cost',
    severity: 'info',
    usual: /^(?:1|100)$/,
    consequence: (name, was) => `the planner forgets the cost ${was} of ${name}`,
    restore: (was) => `COST ${was}`,
  },
  rows: {
    option: 'rows',
    severity: 'info',
    usual: /^1000$/,
    consequence: (name, was) => `the planner forgets the ${was} rows of ${name}`,
    restore: (was) => `ROWS ${was}`,
  },
  support: {
    option: 'support',
    severity: 'info',
    usual: /^$/,
    consequence: (name) => `the planner forgets the support function of ${name}`,
    restore: (was) => `SUPPORT ${was}`,
  },
}

const routineKinds: ReadonlySet<string> = new Set(['function', 'procedure', 'window function'])

/** Names of facts that a statement sets by its own words or by leaving them out. */
const own: ReadonlySet<string> = new Set([...Object.keys(facts), 'config', 'owner', 'grants', 'comment'])

export function isRoutineKind(kind: string): boolean {
  return routineKinds.has(kind)
}

/**
 * Where nothing else differs, what is left out is what the statement is for. Owner, rights and comment stay with
 * CREATE OR REPLACE, and avoid-lost-table-properties tells of the others.
 */
export function changedRoutine(
  before: SchemaObject,
  after: SchemaObject,
  changed: readonly string[],
  { said }: SilentContext,
): readonly SilentFact[] {
  if (changed.every((fact) => own.has(fact))) return []
  const word = lastPart(after.identity)
  const making = sayingOf(said, 'function', word)
  if (making.length === 0 || sayingOf(said, 'alter function', word).length > 0) return []
  const options = new Set(making.flatMap((one) => [...one.options]))
  const type = after.kind === 'procedure' ? 'PROCEDURE' : 'FUNCTION'
  const shared = {
    subject: {
      kind: after.kind,
      identity: after.identity,
      cause: options.has('replace') ? ('replaced' as const) : ('made anew' as const),
    },
    kind: after.kind,
    identity: after.identity,
  }
  const name = shownName(after.identity)
  const ofOptions = Object.keys(facts).flatMap((fact): readonly SilentFact[] => {
    const known = facts[fact]
    const [was, is] = [text(before.facts, fact), text(after.facts, fact)]
    if (was === is) return []
    if (known === undefined || was === '' || !known.usual.test(is) || options.has(known.option)) return []
    return [
      {
        ...shared,
        severity: known.severity,
        consequence: known.consequence(name, was),
        line: `~ ${after.kind} ${after.identity}: ${fact} ${was} -> ${is === '' ? 'none' : is}`,
        restore: { sql: `ALTER ${type} ${after.identity} ${known.restore(was)}` },
      },
    ]
  })
  const settings = lostSettings(before.facts, after.facts).map((setting): SilentFact => ({
    ...shared,
    severity: 'warning',
    consequence: `${name} runs with the ${nameOf(setting)} of its caller`,
    line: `~ ${after.kind} ${after.identity}: config - ${setting}`,
    restore: { sql: `ALTER ${type} ${after.identity} SET ${nameOf(setting)} = ${valueSql(setting)}` },
  }))
  return [...ofOptions, ...settings]
}

function text(of: SchemaFacts, fact: string): string {
  const value = of[fact]
  return typeof value === 'string' ? value : ''
}

function lostSettings(before: SchemaFacts, after: SchemaFacts): readonly string[] {
  const list = ({ config = [] }: SchemaFacts): readonly string[] =>
    typeof config === 'string' ? [config] : config
  const names = new Set(list(after).map(nameOf))
  return list(before).filter((setting) => !names.has(nameOf(setting)))
}

function nameOf(setting: string): string {
  return quoteSetting(setting.slice(0, setting.indexOf('=')))
}

/** Custom settings have dots. */
function quoteSetting(name: string): string {
  return name.split('.').map(quoteIdent).join('.')
}

/** Settings whose value is a list of identifiers, kept quoted (GUC_LIST_QUOTE, guc_tables.c). */
const lists =
  /^(?:search_path|temp_tablespaces|(?:local|session|shared)_preload_libraries|unix_socket_directories)$/

function valueSql(setting: string): string {
  const at = setting.indexOf('=')
  const value = setting.slice(at + 1)
  if (!lists.test(setting.slice(0, at))) return quoteLiteral(value)
  return value === '' ? "''" : value
}
