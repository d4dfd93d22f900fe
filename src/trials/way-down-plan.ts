import type { ErrorEffect, Statement } from '../core/model.ts'
import { scriptKey } from '../core/script-name.ts'
import type { MigrationScript, WayDown } from '../core/source.ts'
import { parseScript, type ParsedScript } from '../sql/parse.ts'

/** Which migrations under review are taken back and applied again, and in which order. */
export interface WayDownPlan {
  /** As the tool takes them back: the latest first. */
  readonly back: readonly WayBack[]
  /** What is not taken back, with the reason. */
  readonly left: readonly LeftScript[]
}

/** One migration that is taken back. */
export interface WayBack {
  /** Its position among those under review. */
  readonly index: number
  readonly up: ParsedScript
  readonly down: ParsedScript
}

/** Where a migration, or its way down, stopped. */
export interface DownFailure {
  readonly statement: Statement
  readonly error: ErrorEffect
}

/** A migration that is not taken back. */
export interface LeftScript {
  readonly index: number
  readonly up: ParsedScript
  /**
   * `none`: it has no way down. `behind`: a later one has none, and the tool does not come this far. `passed over`: it
   * has none and needs none, because it changes rows only, or because the tool runs it again instead (repeatable).
   */
  readonly why: 'none' | 'behind' | 'passed over'
  /** The later one that has none. */
  readonly behind?: ParsedScript
}

/**
 * Goes back from the latest migration to the first that has no way down. A tool may go on behind that one, but what stands
 * there was never meant to be undone with it in place.
 */
export function planWayDown(scripts: readonly ParsedScript[]): WayDownPlan {
  const back: WayBack[] = []
  const left: LeftScript[] = []
  let end: ParsedScript | undefined
  for (const [index, up] of [...scripts.entries()].toReversed()) {
    const down = parseWayDown(up.script)
    if (end !== undefined) left.push({ index, up, why: 'behind', behind: end })
    else if (down !== undefined) back.push({ index, up, down })
    else if (up.script.repeatable || changesRowsOnly(up)) left.push({ index, up, why: 'passed over' })
    else {
      left.push({ index, up, why: 'none' })
      end = up
    }
  }
  return { back, left: left.toReversed() }
}

/** Undefined where nothing stands in it. */
function parseWayDown(script: MigrationScript): ParsedScript | undefined {
  if (script.down === undefined) return undefined
  const { parts: _parts, ...rest } = script
  const parsed = parseScript({ ...rest, ...alone(script.down), id: `${scriptKey(script)}\0down` })
  return parsed.statements.every(({ sql }) => saysNothing.test(sql)) ? undefined : parsed
}

/** What stands where a tool, or a habit, wants a statement and nothing is to be done. */
const saysNothing = /^select\s+(?:\d+|null|true|'[^']*')(?:\s+as\s+\w+)?\s*$/i

/**
 * `run` is about all pending migrations; going back is one command for one migration, and for a way up that is taken
 * apart here nothing hangs on it either.
 */
function alone<T extends Pick<WayDown, 'transaction'>>(script: T): T {
  const { mode, why } = script.transaction
  return mode === 'run' ? { ...script, transaction: { mode: 'file', why } } : script
}

/** A migration in a transaction of its own. */
export function aloneParsed(parsed: ParsedScript): ParsedScript {
  return { ...parsed, script: alone(parsed.script) }
}

/** Rows are not what a schema is made of: there is nothing to undo where the author says so. */
function changesRowsOnly({ statements }: ParsedScript): boolean {
  return statements.every(({ tag }) => rowStatements.has(tag))
}

const rowStatements: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'VariableSetStmt',
  'TransactionStmt',
])
