/** The parts of file names that Flyway's configuration can change. */
export interface FlywayNaming {
  readonly versionedPrefix: string
  readonly baselinePrefix: string
  readonly undoPrefix: string
  readonly repeatablePrefix: string
  readonly separator: string
  readonly suffixes: readonly string[]
}

/** Flyway's defaults (ResourceNameParser.java and ClassicConfiguration.java of flyway/flyway). */
export const defaultNaming: FlywayNaming = {
  versionedPrefix: 'V',
  baselinePrefix: 'B',
  undoPrefix: 'U',
  repeatablePrefix: 'R',
  separator: '__',
  suffixes: ['.sql'],
}

export type FlywayName =
  | {
      readonly kind: 'versioned' | 'baseline' | 'undo'
      readonly version: readonly bigint[]
      readonly text: string
      readonly title: string
    }
  | { readonly kind: 'repeatable'; readonly title: string }
  | { readonly kind: 'callback'; readonly event: string; readonly title: string }
  | { readonly kind: 'ignored'; readonly reason: string }

/** Ids of org.flywaydb.core.api.callback.Event: scripts of these names run around the migrations. */
const callbacks: readonly string[] = `
  beforeClean afterClean afterCleanError beforeMigrate beforeEachMigrate
  beforeEachMigrateStatement afterEachMigrateStatement afterEachMigrateStatementError
  afterEachMigrate afterEachMigrateError beforeRepeatables afterVersioned afterMigrateApplied
  afterMigrate afterMigrateError beforeUndo beforeEachUndo beforeEachUndoStatement
  afterEachUndoStatement afterEachUndoStatementError afterEachUndo afterEachUndoError afterUndo
  afterUndoError beforeValidate afterValidate afterValidateError beforeBaseline afterBaseline
  afterBaselineError beforeRepair afterRepair afterRepairError beforeInfo afterInfo
  afterInfoError beforeConnect afterConnect createSchema beforeCreateSchema
`
  .trim()
  .split(/\s+/)

/** A name that only Flyway gives, with its default naming. */
export function isFlywayName(name: string): boolean {
  return /^(?:[VB]\d+(?:[._]\d+)*|R)__.*\.sql$/.test(name)
}

/**
 * Reads a file name as Flyway's ResourceNameParser does: suffix off, longest prefix, split at the first
 * separator, versions of digits with `.` or `_` between. Undefined when the suffix is not one of Flyway's.
 */
export function parseFlywayName(name: string, naming: FlywayNaming): FlywayName | undefined {
  const suffix = naming.suffixes.find((candidate) => name.endsWith(candidate))
  if (suffix === undefined) return undefined
  const stem = name.slice(0, name.length - suffix.length)
  const prefix = findPrefix(stem, naming)
  if (prefix === undefined) return ignored('its name starts with no prefix that Flyway knows')
  const rest = stem.slice(prefix.text.length)
  const at = rest.indexOf(naming.separator)
  const left = at < 0 ? rest : rest.slice(0, at)
  const title = at < 0 ? '' : rest.slice(at + naming.separator.length).replaceAll('_', ' ')
  if (prefix.kind === 'callback')
    return left === '' ? { kind: 'callback', event: prefix.text, title } : ignored(noMigration(name))
  if (prefix.kind === 'repeatable')
    return left === '' ? { kind: 'repeatable', title } : ignored(noMigration(name))
  const text = left.replaceAll('_', '.')
  if (!/^\d+(?:\.\d+)*$/.test(text)) return ignored(noVersion(left, naming))
  return { kind: prefix.kind, version: text.split('.').map(BigInt), text, title }
}

type PrefixKind = 'versioned' | 'baseline' | 'undo' | 'repeatable' | 'callback'

function findPrefix(stem: string, naming: FlywayNaming): { kind: PrefixKind; text: string } | undefined {
  const prefixes: { kind: PrefixKind; text: string }[] = [
    { kind: 'versioned', text: naming.versionedPrefix },
    { kind: 'baseline', text: naming.baselinePrefix },
    { kind: 'undo', text: naming.undoPrefix },
    { kind: 'repeatable', text: naming.repeatablePrefix },
    ...callbacks.map((text) => ({ kind: 'callback' as const, text })),
  ]
  let longest: { kind: PrefixKind; text: string } | undefined
  for (const prefix of prefixes) {
    if (!stem.startsWith(prefix.text)) continue
    if (longest === undefined || prefix.text.length > longest.text.length) longest = prefix
  }
  return longest
}

function ignored(reason: string): FlywayName {
  return { kind: 'ignored', reason }
}

function noMigration(name: string): string {
  return `Flyway ignores it: ${name} is neither a migration nor a callback`
}

function noVersion(left: string, naming: FlywayNaming): string {
  return `Flyway ignores it: "${left}" is not a version (the name needs ${naming.separator} after the version)`
}
