import type { Migration } from '../core/model.ts'
import { splitScript } from '../sql/split.ts'
import { normalizeSql } from '../sql/tokens.ts'
import type { Edit, ExpectedGroup, NotEdited } from './edit.ts'
import {
  commentsBetween,
  isAnyPreparation,
  isTransactionCommand,
  settingsBetween,
  withoutStatements,
} from './gaps.ts'
import type { Format, Item, Unit } from './units.ts'

/** Units that become one file, with what of the original text stands before each. */
interface Part {
  readonly units: Unit[]
  /** The stretch of the original text that its items cover. */
  readonly start: number
  end: number
  readonly transaction: boolean | undefined
}

/**
 * The script in several files: what stood before stays, each step of a remedy and what stood behind follow in files of
 * their own. `joinsHead`: a first step in a transaction stays with what stood before it, as it was.
 */
export function editSplit(
  migration: Migration,
  region: { readonly start: number; readonly end: number },
  items: readonly Item[],
  { joinsHead, ...format }: Format & { readonly joinsHead: boolean },
): Edit | NotEdited {
  const { text, statements } = migration
  if (statements.some(({ copyData }) => copyData !== undefined))
    return { cannot: 'Rows of COPY stand in the file, which cannot be cut.' }
  if (splitScript(text, region.start, region.end).pieces.some(({ kind }) => kind === 'meta command'))
    return { cannot: 'Commands of psql stand in the file, which hold for all of it.' }
  const parts = partsOf(migration, items, joinsHead)
  const [first, ...others] = parts
  const lost = others
    .flatMap(({ units }) => units)
    .flatMap(({ settings, transaction }) =>
      transaction === true || format.severalOutside ? [] : settings.filter((sql) => !/timeout/i.test(sql)),
    )
  if (first === undefined || lost.length > 0)
    return { cannot: `What stands in a file of its own would run without ${lost[0] ?? 'its settings'}.` }
  let at = first.end
  const pieces = others.map((part) => {
    const comments = commentsBetween(migration, at, part.start)
    at = part.end
    return {
      sql: comments + partText(part, format),
      transaction: part.transaction !== false,
      title: (part.units.find(({ kind }) => kind === 'step') ?? part.units[0])?.title ?? 'next step',
    }
  })
  return {
    text:
      text.slice(0, region.start) +
      firstText(migration, region, first, { ...format, lastEnd: at }) +
      text.slice(region.end),
    outside: first.transaction === false,
    pieces,
    expected: parts.flatMap(groupsOf),
  }
}

function partsOf(migration: Migration, items: readonly Item[], joinsHead: boolean): readonly Part[] {
  const parts: Part[] = []
  let before: Item | undefined
  for (const item of items) {
    for (const [index, found] of item.units.entries()) {
      const isLast = index === item.units.length - 1
      const unit = isLast ? withBehind(found, item) : found
      const end = item.end + (item.behind?.length ?? 0)
      const last = parts.at(-1)
      const isJoined = index === 0 && last !== undefined && joins(before, item, joinsHead)
      if (isJoined) {
        const comments = commentsBetween(migration, last.end, item.start).trimEnd()
        last.units.push(comments === '' ? unit : { ...unit, lines: [comments, ...unit.lines] })
        last.end = end
      } else {
        const start = index === 0 ? item.start : end
        parts.push({ units: [unit], start, end, transaction: unit.transaction })
      }
    }
    before = item
  }
  return parts
}

/** With the comment that stood behind the statement. */
function withBehind(unit: Unit, { behind }: Item): Unit {
  if (behind === undefined) return unit
  const lines = [...unit.lines]
  const last = lines.pop() ?? ''
  return { ...unit, lines: [...lines, last + behind] }
}

/** May the item's first unit stand in one transaction with what is before it? */
function joins(before: Item | undefined, item: Item, joinsHead: boolean): boolean {
  const [last, first] = [before?.units.at(-1), item.units[0]]
  if (before === undefined || last?.transaction !== true || first?.transaction !== true) return false
  if (last.kind === 'kept' && first.kind === 'kept') return false
  const isSingle = (one: Item): boolean => one.units.length === 1 && (one.placed?.later.length ?? 0) === 0
  if (last.kind === 'step' && !isSingle(before)) return false
  return joinsHead || (isSingle(before) && isSingle(item))
}

function groupsOf({ units, transaction }: Part): readonly ExpectedGroup[] {
  return [{ statements: units.flatMap(({ statements }) => statements), transaction, apart: true }]
}

/** A file of its own. Several statements that run outside of a transaction may set what they need themselves. */
function partText({ units, transaction }: Part, { severalOutside }: Format): string {
  const [first] = units
  const carried = transaction === true || severalOutside ? (first?.settings ?? []) : []
  const lines = [...carried.map((sql) => `${sql};`), ...units.flatMap((unit) => unit.lines)]
  const isBlock = units.some(({ insideBlock }) => insideBlock)
  return `${(isBlock ? ['BEGIN;', ...lines, 'COMMIT;'] : lines).join('\n')}\n`.replaceAll('\r', '')
}

/** What the script's own file keeps of its region. */
function firstText(
  migration: Migration,
  region: { readonly start: number; readonly end: number },
  { units, start, end, transaction }: Part,
  { lastEnd, severalOutside }: { readonly lastEnd: number; readonly severalOutside: boolean },
): string {
  const { text } = migration
  const isBlock = units.some(({ insideBlock }) => insideBlock)
  const dropped = transaction === false ? isAnyPreparation : isBlock ? () => false : isTransactionCommand
  const head = withoutStatements(migration, region.start, start, dropped)
  const rest = withoutStatements(migration, lastEnd, region.end, isTransactionCommand)
  const said = settingsBetween(migration, region.start, start, dropped)
  const carried = transaction === false && severalOutside ? (units[0]?.settings ?? []) : []
  const lines = [...carried.map((sql) => `${sql};`), ...units.flatMap((unit) => unit.lines)].filter(
    (line) => !said.has(normalizeSql(line)),
  )
  const isWhole = units.every(({ kind }) => kind === 'kept')
  const own = isWhole ? text.slice(start, end) : lines.join('\n')
  return head + own + (isBlock ? '\nCOMMIT;' : '') + rest
}
