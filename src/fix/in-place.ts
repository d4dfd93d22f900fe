import type { Migration } from '../core/model.ts'
import { normalizeSql } from '../sql/tokens.ts'
import { enclosingBlock } from '../suggest/enclosing-block.ts'
import { commentsBetween, isTransactionCommand, settingsBetween } from './gaps.ts'
import type { Edit, ExpectedGroup } from './edit.ts'
import { isPreparation, type Item, type Unit } from './units.ts'

/** What the place of a script says about how its statements commit. */
export interface Surrounding {
  /** The script's tool lets every statement commit by itself. */
  readonly autocommit: boolean
  /** A lock_timeout is in force at the statement, by its offset. */
  readonly hasTimeoutAt: (offset: number) => boolean
}

/** The remedies in the places of their statements, in the same file. Only reading it again tells whether it holds. */
export function editInPlace(
  migration: Migration,
  items: readonly Item[],
  surrounding: Surrounding,
): Edit | undefined {
  const changes: { readonly start: number; readonly end: number; readonly text: string }[] = []
  const expected: ExpectedGroup[] = []
  for (const { start, end, units, placed } of items) {
    expected.push(...groupsOf(units))
    if (placed === undefined) continue
    const [first] = placed.replaced
    if (first === undefined) return undefined
    const block = surrounding.autocommit ? enclosingBlock(migration, first) : undefined
    if (block !== undefined && 'why' in block) return undefined
    const isOne = units.length === 1 && units[0]?.transaction === true
    if (block === undefined || isOne)
      changes.push({ start, end, text: stepsText(migration, start, units, surrounding) })
    else changes.push(cutBlock(migration, { start, end, units }, block))
  }
  let { text } = migration
  for (const { start, end, text: added } of changes.toReversed())
    text = text.slice(0, start) + added + text.slice(end)
  return { text, outside: false, pieces: [], expected }
}

/** Steps are transactions of their own; what stays is joined to a single step that is in a transaction with it. */
function groupsOf(units: readonly Unit[]): readonly ExpectedGroup[] {
  return units.map(({ kind, statements, transaction }) => ({
    statements,
    transaction: kind === 'step' ? transaction : undefined,
    apart: kind === 'step' && units.length > 1,
  }))
}

function stepsText(
  migration: Migration,
  start: number,
  units: readonly Unit[],
  { autocommit, hasTimeoutAt }: Surrounding,
): string {
  const { text, statements } = migration
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const before = text.slice(lineStart, start)
  const indent = /^[ \t]*$/.test(before) ? before : ''
  const at = statements.find(({ span }) => span.start.offset >= start)
  const isInBlock = at?.inTransactionBlock === true
  const previous = statements.findLast(({ sql, span }) => span.end.offset <= start && !isPreparation(sql))
  const said = settingsBetween(migration, previous?.span.end.offset ?? 0, start, isTransactionCommand)
  const isNeeded = (line: string): boolean =>
    !(hasTimeoutAt(start) && setsLocalTimeout(line)) && !said.has(normalizeSql(line))
  const lines = units.flatMap((unit) => {
    const own = unit.lines.filter(isNeeded)
    return autocommit && !isInBlock ? inTransaction(unit, own) : own
  })
  return lines.join(`\n${indent}`)
}

function setsLocalTimeout(line: string): boolean {
  return /^\s*set\s+local\s+lock_timeout\b/i.test(line)
}

/** Between BEGIN and COMMIT, where several statements belong together. */
function inTransaction(
  { transaction, statements }: Pick<Unit, 'transaction' | 'statements'>,
  lines: readonly string[],
): readonly string[] {
  const isLocal = lines.some((line) => /^\s*set\s+local\b/im.test(line))
  return transaction === true && (statements.length > 1 || isLocal) ? ['BEGIN;', ...lines, 'COMMIT;'] : lines
}

/** The file's own block, cut in two around the steps; a half that would hold nothing goes. */
function cutBlock(
  migration: Migration,
  { start, end, units }: Pick<Item, 'start' | 'end' | 'units'>,
  block: { readonly begin: number; readonly end: number },
): { readonly start: number; readonly end: number; readonly text: string } {
  const { statements, text } = migration
  const [begin, commit] = [statements[block.begin]?.span, statements[block.end]?.span]
  if (begin === undefined || commit === undefined) return { start, end, text: text.slice(start, end) }
  const inside = statements.slice(block.begin + 1, block.end)
  const settings = inside.filter(({ tag, span }) => tag === 'VariableSetStmt' && span.end.offset <= start)
  const head = inside.filter(({ tag, span }) => tag !== 'VariableSetStmt' && span.end.offset <= start)
  const tail = inside.filter(({ tag, span }) => tag !== 'VariableSetStmt' && span.start.offset >= end)
  const from = head.length === 0 ? begin.start.offset : start
  const afterCommit = commit.end.offset + (/^\s*;/.exec(text.slice(commit.end.offset))?.[0].length ?? 0)
  const to = tail.length === 0 ? afterCommit : end
  const steps = units.flatMap((unit) => {
    const carried = unit.transaction === true ? unit.settings.map((sql) => `${sql};`) : []
    return inTransaction(unit, [...carried, ...unit.lines])
  })
  const comments = commentsBetween(migration, from, start) + commentsBetween(migration, end, to)
  return {
    start: from,
    end: to,
    text: [
      ...(head.length === 0 ? [] : ['COMMIT;']),
      ...(comments === '' ? [] : [comments.trimEnd()]),
      ...steps,
      ...(tail.length === 0 ? [] : ['BEGIN;', ...settings.map(({ sql }) => `${sql};`)]),
    ].join('\n'),
  }
}
