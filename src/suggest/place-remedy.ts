import type {
  Finding,
  Migration,
  MigrationResult,
  Remedy,
  RemedyMigration,
  Statement,
} from '../core/model.ts'
import { holdsActionsOf } from '../sql/merged-alter-table.ts'
import { splitScript } from '../sql/split.ts'
import { normalizeSql } from '../sql/tokens.ts'
import { enclosingBlock, type EnclosingBlock } from './enclosing-block.ts'
import { carriedSettings } from './session-settings.ts'

/** Statements of the file that stay, as a migration of their own. */
export interface KeptPiece {
  readonly kind: 'kept'
  readonly statements: readonly Statement[]
  /** From its first statement to behind the semicolon of its last; UTF-16 offsets in the migration's text. */
  readonly start: number
  readonly end: number
  /** It stood between BEGIN and COMMIT of the file, which are not part of it: it is to be one transaction. */
  readonly insideBlock: boolean
  /** SET statements of the file before it that it needs as well, without semicolons. */
  readonly settings: readonly string[]
}

/** A migration of the remedy. */
export interface RemedyPiece {
  readonly kind: 'remedy'
  readonly step: RemedyMigration
  /** As in {@link KeptPiece}; none that the step makes itself. */
  readonly settings: readonly string[]
}

/** A remedy in the place of its statement: migrations of their own, in the order in which they run. */
export interface PlacedRemedy {
  /** The statement that the finding points at, and neighbours in its transaction that the remedy repeats. */
  readonly replaced: readonly Statement[]
  /** What the remedy takes the place of, semicolon included; UTF-16 offsets in the migration's text. */
  readonly start: number
  readonly end: number
  /** What stood before it; the steps for now; what stood after it. */
  readonly pieces: readonly (KeptPiece | RemedyPiece)[]
  /** Steps for later (`when`): behind everything that this deployment holds. */
  readonly later: readonly RemedyPiece[]
}

/** Why it cannot stand there: the rest of a sentence. */
export interface NotPlaced {
  readonly why: string
}

/**
 * Lays out the finding's remedy in the place of its statement. What stood before and after it in the file become
 * migrations of their own, also where the file is one transaction: BEGIN and COMMIT around the statement are in
 * neither, and settings that were in force are repeated. A remedy that repeats neighbours of its statement stands for
 * them as well. Undefined when the finding has no remedy in SQL, or is not about a statement of this migration.
 */
export function placeRemedy(
  finding: Pick<Finding, 'span' | 'remedy'>,
  { migration }: Pick<MigrationResult, 'migration'>,
): PlacedRemedy | NotPlaced | undefined {
  const { remedy, span } = finding
  const statement = migration.statements.find(
    (one) => one.span.file === span.file && one.span.start.offset === span.start.offset,
  )
  if (remedy === undefined || remedy.migrations.length === 0 || statement === undefined) return undefined
  const replaced = replacedBy(remedy, statement, migration)
  if ('why' in replaced) return replaced
  const block = enclosingBlock(migration, statement)
  if (block !== undefined && 'why' in block) return block
  return layOut(remedy, replaced.statements, migration, block)
}

function layOut(
  remedy: Remedy,
  replaced: readonly Statement[],
  migration: Migration,
  block: EnclosingBlock | undefined,
): PlacedRemedy | NotPlaced {
  const [first, last] = [replaced[0], replaced.at(-1)]
  if (first === undefined || last === undefined) return { why: 'there is no statement to replace' }
  if (replaced.some(({ copyData }) => copyData !== undefined)) return { why: 'rows of COPY follow it' }
  const step = (one: RemedyMigration): RemedyPiece => ({
    kind: 'remedy',
    step: one,
    settings: carriedSettings(migration, last, {
      transaction: first.transaction,
      local: one.transaction,
      without: one.sql,
    }),
  })
  const isNow = ({ when = 'now' }: RemedyMigration): boolean => when === 'now'
  const kept = (from: number, to: number, insideBlock: boolean): readonly KeptPiece[] =>
    keptPiece(migration, { from, to, insideBlock })
  const opens = block?.begin ?? first.index
  const closes = block?.end ?? last.index
  return {
    replaced,
    start: first.span.start.offset,
    end: endOf(migration, last),
    pieces: [
      ...kept(0, opens, false),
      ...(block === undefined ? [] : kept(block.begin + 1, first.index, true)),
      ...remedy.migrations.filter(isNow).map(step),
      ...(block === undefined ? [] : kept(last.index + 1, block.end, true)),
      ...kept(closes + 1, migration.statements.length, false),
    ],
    later: remedy.migrations.filter((one) => !isNow(one)).map(step),
  }
}

/** Statements of a migration that stay together, by their index; `to` is not included. */
export interface KeptRange {
  readonly from: number
  readonly to: number
  readonly insideBlock: boolean
}

/** The statements as a migration of their own; none when they do nothing but set something for the others. */
export function keptPiece(migration: Migration, { from, to, insideBlock }: KeptRange): readonly KeptPiece[] {
  const statements = migration.statements.slice(from, to)
  const [first, last] = [statements[0], statements.at(-1)]
  if (first === undefined || last === undefined || statements.every(isPreparation)) return []
  const settings = carriedSettings(migration, first, {
    transaction: first.transaction,
    local: first.inTransactionBlock || insideBlock,
  })
  const [start, end] = [first.span.start.offset, endOf(migration, last)]
  return [{ kind: 'kept', statements, start, end, insideBlock, settings }]
}

function isPreparation({ tag }: Statement): boolean {
  return tag === 'VariableSetStmt' || tag === 'TransactionStmt'
}

/** Behind the statement's semicolon, where it has one. */
function endOf({ text }: Migration, { span }: Statement): number {
  const semicolon = /^(?:\s|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*;/.exec(text.slice(span.end.offset))
  return span.end.offset + (semicolon?.[0].length ?? 0)
}

/**
 * The statements that the remedy stands for: some of them tell where neighbours in the same transaction go, which
 * would otherwise run twice.
 */
function replacedBy(
  { migrations }: Remedy,
  statement: Statement,
  { statements }: Migration,
): { readonly statements: readonly Statement[] } | NotPlaced {
  const told = migrations.flatMap(({ sql }) => statementsOf(sql))
  const repeated = new Set(told.map(normalizeSql))
  const isRepeated = (one: Statement): boolean =>
    repeated.has(normalizeSql(one.sql)) || told.some((sql) => holdsActionsOf(sql, one))
  const isReplaced = (one: Statement): boolean =>
    one.index === statement.index ||
    (one.transaction === statement.transaction && !isPreparation(one) && isRepeated(one))
  const replaced = statements.filter(isReplaced)
  const [from, to] = [replaced[0]?.index ?? 0, replaced.at(-1)?.index ?? 0]
  const between = statements.slice(from, to + 1)
  if (!between.every((one) => isReplaced(one) || isPreparation(one)))
    return { why: 'it stands for several statements, and others stand between them' }
  return { statements: between }
}

function statementsOf(sql: string): readonly string[] {
  return splitScript(sql).pieces.map(({ start, end }) => sql.slice(start, end))
}
