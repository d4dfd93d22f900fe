import type { Migration, RemedyMigration } from '../core/model.ts'
import { splitScript } from '../sql/split.ts'
import { normalizeSql, tokenize } from '../sql/tokens.ts'
import { commonPieces } from '../suggest/alternative-scripts.ts'
import type { KeptPiece, PlacedRemedy, RemedyPiece } from '../suggest/place-remedy.ts'
import { titleOf } from './titles.ts'

/** How statements stand in a file of the tool. */
export interface Format {
  /** A statement with its end, without a line end. */
  readonly statement: (sql: string) => string
  /** See MigrationWriter. */
  readonly severalOutside: boolean
}

/** What commits together: a stretch of the file that stays, or a step of a remedy. */
export interface Unit {
  readonly kind: 'kept' | 'step'
  /** Its statements, each as {@link Format.statement} gives it with the comments before it. */
  readonly lines: readonly string[]
  /** The statements, normalized, without SET, BEGIN and COMMIT. */
  readonly statements: readonly string[]
  /** SET statements that it needs where it is cut off from the file, without semicolons. */
  readonly settings: readonly string[]
  /** Undefined: as the file has it. */
  readonly transaction: boolean | undefined
  /** It stood between BEGIN and COMMIT of the file. */
  readonly insideBlock: boolean
  readonly title: string
}

/** A stretch of the file, and what stands there in the end. Offsets are those of the file's text. */
export interface Item {
  readonly start: number
  readonly end: number
  readonly units: readonly Unit[]
  /** Undefined: it stays. */
  readonly placed?: PlacedRemedy
  /** A comment behind the statement that is replaced, in its line; its own offsets are not within the item's. */
  readonly behind?: string
}

/** The file's stretches in order: what stays, and the remedies. */
export function itemsOf(
  migration: Migration,
  placed: readonly PlacedRemedy[],
  format: Format,
): readonly Item[] {
  const kept = commonPieces(migration, placed).map((piece): Item => {
    const { start, end } = withMarks(migration.text, piece)
    const whole = { start, end: end + commentBehind(migration.text, end).length }
    return { ...whole, units: [keptUnit(migration, piece, whole)] }
  })
  const remedies = placed.map((one): Item => {
    const steps = one.pieces.filter((piece) => piece.kind === 'remedy')
    const units = steps.flatMap((piece) => stepUnits(piece, format))
    const { start, end } = withMarks(migration.text, one)
    const behind = commentBehind(migration.text, end)
    return { start, end, units: withComments(one, units), placed: one, ...(behind === '' ? {} : { behind }) }
  })
  return [...kept, ...remedies].toSorted((a, b) => a.start - b.start)
}

function keptUnit(
  { text }: Migration,
  { statements, settings, insideBlock }: KeptPiece,
  { start, end }: { readonly start: number; readonly end: number },
): Unit {
  return {
    kind: 'kept',
    lines: [text.slice(start, end)],
    statements: statements.filter(({ sql }) => !isPreparation(sql)).map(({ sql }) => normalizeSql(sql)),
    settings,
    transaction: statements.every(({ inTransactionBlock }) => inTransactionBlock) ? true : undefined,
    insideBlock,
    title: titleOf(statements.map(({ sql }) => sql)),
  }
}

/** One step; where nothing else may stand beside what runs outside of a transaction, one for each statement. */
function stepUnits({ step, settings }: RemedyPiece, format: Format): readonly Unit[] {
  const found = statementsOf(step)
  const groups =
    step.transaction || format.severalOutside
      ? [found]
      : found.filter(({ sql }) => !isPreparation(sql)).map((one) => [one])
  return groups.map((group) => ({
    kind: 'step',
    lines: group.map(({ comments, sql }) => comments + format.statement(sql)),
    statements: group.filter(({ sql }) => !isPreparation(sql)).map(({ sql }) => normalizeSql(sql)),
    settings,
    transaction: step.transaction,
    insideBlock: false,
    title: titleOf(group.map(({ sql }) => sql)),
  }))
}

interface WrittenStatement {
  /** Lines before it, each with its end. */
  readonly comments: string
  readonly sql: string
}

/** The statements with the comments in front of them; the step's note stands before the first. */
function statementsOf({ sql, note }: RemedyMigration): readonly WrittenStatement[] {
  let at = 0
  return splitScript(sql).pieces.map(({ start, end }, index) => {
    const before = sql
      .slice(at, start)
      .replace(/^\s*;?\s*/, '')
      .trimEnd()
    at = end
    const said = index === 0 && note !== undefined ? `-- ${note.replaceAll(/\s+/g, ' ')}\n` : ''
    return { comments: said + (before === '' ? '' : `${before}\n`), sql: sql.slice(start, end) }
  })
}

/** SET, RESET, BEGIN and COMMIT: they say how others run. */
export function isPreparation(sql: string): boolean {
  const words = normalizeSql(sql)
  if (/^(?:begin|commit|end|reset|start transaction)\b/.test(words)) return true
  if (/^set\b/.test(words)) return !/^set (?:constraints|transaction)\b/.test(words)
  return /^select (?:pg_catalog \. )?set_config \(/.test(words)
}

/** StatementBegin and StatementEnd of goose and sql-migrate belong to the statement between them. */
function withMarks(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): { readonly start: number; readonly end: number } {
  const before = /(?:^|\n)(-- \+(?:goose|migrate) StatementBegin[ \t]*\r?\n[ \t]*)$/.exec(
    text.slice(0, start),
  )
  const behind = text.slice(end)
  const after = /^[ \t]*\r?\n-- \+(?:goose|migrate) StatementEnd[^\r\n]*/.exec(behind)
  return { start: start - (before?.[1]?.length ?? 0), end: end + (after?.[0].length ?? 0) }
}

/** A comment behind the semicolon is about the statement. */
function commentBehind(text: string, end: number): string {
  return /^[ \t]*--[^\r\n]*/.exec(text.slice(end))?.[0] ?? ''
}

/** A person's comments inside of the statement, which the remedy has not, stand above it. */
function withComments({ replaced }: PlacedRemedy, units: readonly Unit[]): readonly Unit[] {
  const [first, ...others] = units
  const written = units.flatMap(({ lines }) => lines).join('\n')
  const lost = replaced
    .flatMap(({ sql }) => commentsIn(sql))
    .filter((comment) => !written.includes(comment))
    .map((comment) => `${comment}\n`)
  if (first === undefined || lost.length === 0) return units
  const at = Math.max(
    first.lines.findIndex((line) => !isPreparation(line)),
    0,
  )
  return [{ ...first, lines: first.lines.with(at, lost.join('') + (first.lines[at] ?? '')) }, ...others]
}

function commentsIn(sql: string): readonly string[] {
  const comments: string[] = []
  let at = 0
  for (const { start, end } of tokenize(sql)) {
    const gap = sql.slice(at, start).replaceAll('\r', '').trim()
    if (gap !== '') comments.push(gap)
    at = end
  }
  return comments
}
