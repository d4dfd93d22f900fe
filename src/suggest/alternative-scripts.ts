import type { Migration } from '../core/model.ts'
import { scriptKey } from '../core/script-name.ts'
import type { MigrationScript, ScriptPart } from '../core/source.ts'
import { headerStart } from '../sql/suppressions.ts'
import { keptPiece, type KeptPiece, type PlacedRemedy, type RemedyPiece } from './place-remedy.ts'

/** A stretch of a file, in UTF-16 offsets. */
export interface Stretch {
  readonly file: string
  readonly start: number
  readonly end: number
}

/** A script with remedies in it, cut into the migrations that it would become. */
export interface AlternativeScripts {
  /** In the order of a run; `later` steps are not among them. Each has the whole text, and an id of its own. */
  readonly scripts: readonly MigrationScript[]
  /** Steps for after this deployment. */
  readonly later: readonly MigrationScript[]
  /** Where the remedies stand in the new text, in the order in which they were given. */
  readonly blocks: readonly Stretch[]
  /** Where settings are repeated that stand in the file once. */
  readonly repeated: readonly Stretch[]
}

/**
 * Puts remedies that do not overlap into a script. The scripts share one new text, so that places in it tell them
 * apart; `migration` is the script as it was laid out.
 * @param behind UTF-16 offset behind which the new text begins, where places in the same file are taken: filled up
 */
export function alternativeScripts(
  script: MigrationScript,
  migration: Migration,
  placed: readonly PlacedRemedy[],
  behind = 0,
): AlternativeScripts {
  return new Layout(script, migration, placed, behind).lay()
}

type Piece = KeptPiece | RemedyPiece

class Layout {
  private readonly script: MigrationScript
  private readonly migration: Migration
  private readonly placed: readonly PlacedRemedy[]
  private text: string
  /** How far the original text has been taken over. */
  private at = 0
  private readonly cuts: { readonly piece: Piece; readonly later: boolean; start: number; end: number }[] = []
  private readonly blocks = new Map<PlacedRemedy, Stretch>()
  private readonly repeated: Stretch[] = []
  /** Where the original text has moved, by its offset. */
  private readonly moves: { readonly from: number; readonly by: number }[]

  constructor(
    script: MigrationScript,
    migration: Migration,
    placed: readonly PlacedRemedy[],
    behind: number,
  ) {
    // no blank line or comment, which would belong to what follows
    this.text = behind === 0 ? '' : `${'x'.repeat(behind)}\n`
    this.moves = [{ from: 0, by: this.text.length }]
    this.script = script
    this.migration = migration
    this.placed = placed
  }

  lay(): AlternativeScripts {
    const kept = commonPieces(this.migration, this.placed)
    const parts = [
      ...kept.map((piece) => ({ at: piece.start, write: () => this.writeKept(piece) })),
      ...this.placed.map((remedy) => ({ at: remedy.start, write: () => this.writeRemedy(remedy) })),
    ]
    for (const { write } of parts.toSorted((a, b) => a.at - b.at)) write()
    this.copyTo(this.script.text.length)
    const { file } = this.script
    return {
      scripts: this.cuts.filter(({ later }) => !later).map((cut) => this.toScript(cut)),
      later: this.cuts.filter(({ later }) => later).map((cut) => this.toScript(cut)),
      blocks: this.placed.map((one) => this.blocks.get(one) ?? { file, start: 0, end: 0 }),
      repeated: this.repeated,
    }
  }

  private writeKept(piece: KeptPiece): void {
    const { text } = this.script
    // above the comments in front of it, which may be about the statement
    this.copyTo(Math.max(this.at, piece.settings.length === 0 ? piece.start : headerStart(text, piece.start)))
    const start = this.text.length
    this.writeSettings(piece.settings)
    this.moves.push({ from: this.at, by: this.text.length - this.at })
    this.copyTo(piece.end)
    this.cuts.push({ piece, later: false, start, end: this.text.length })
  }

  private writeRemedy(remedy: PlacedRemedy): void {
    this.copyTo(remedy.start)
    const blockStart = this.text.length
    const now = remedy.pieces.filter((piece) => piece.kind === 'remedy')
    for (const piece of [...now, ...remedy.later]) {
      const start = this.text.length
      this.writeSettings(piece.settings)
      this.text += `${piece.step.sql.trim()}\n`
      this.cuts.push({ piece, later: remedy.later.includes(piece), start, end: this.text.length })
    }
    this.blocks.set(remedy, { file: this.script.file, start: blockStart, end: this.text.length })
    this.at = remedy.end
    this.moves.push({ from: this.at, by: this.text.length - this.at })
  }

  private writeSettings(settings: readonly string[]): void {
    const start = this.text.length
    this.text += settings.map((sql) => `${sql};\n`).join('')
    if (settings.length > 0) this.repeated.push({ file: this.script.file, start, end: this.text.length })
  }

  private copyTo(end: number): void {
    if (end <= this.at) return
    this.text += this.script.text.slice(this.at, end)
    this.at = end
  }

  private toScript({
    piece,
    start,
    end,
  }: {
    readonly piece: Piece
    start: number
    end: number
  }): MigrationScript {
    const { script } = this
    const { parts: _parts, ...rest } = script
    const index = this.cuts.findIndex((cut) => cut.piece === piece)
    const common = { ...rest, id: `${scriptKey(script)}\0${index}`, text: this.text, start, end }
    if (piece.kind === 'remedy')
      return {
        ...common,
        transaction: { mode: piece.step.transaction ? 'file' : 'statement', why: 'remedy' },
      }
    const parts = this.partsWithin(start, end)
    return {
      ...common,
      ...(parts === undefined ? {} : { parts }),
      ...(piece.insideBlock ? { transaction: { mode: 'file', why: 'BEGIN and COMMIT' } } : {}),
    }
  }

  /** Where the tool cuts the script, as far as that lies in the piece; what was put in front belongs to the first. */
  private partsWithin(start: number, end: number): readonly ScriptPart[] | undefined {
    const parts = this.script.parts
      ?.map((part) => ({
        start: Math.max(start, this.moved(part.start)),
        end: Math.min(end, this.moved(part.end)),
      }))
      .filter((part) => part.start < part.end)
    const [first, ...others] = parts ?? []
    return first === undefined ? undefined : [{ ...first, start }, ...others]
  }

  private moved(offset: number): number {
    const move = this.moves.findLast(({ from }) => from <= offset)
    return offset + (move?.by ?? 0)
  }
}

/** What stays of a migration when all of these take their places: cut wherever one of them cuts. */
export function commonPieces(migration: Migration, placed: readonly PlacedRemedy[]): readonly KeptPiece[] {
  const keptBy = placed.map(({ pieces }) => pieces.filter((piece) => piece.kind === 'kept'))
  const homes = keptBy.map(
    (pieces) =>
      new Map(pieces.flatMap(({ statements }, at) => statements.map(({ index }) => [index, at] as const))),
  )
  const home = (index: number): readonly number[] | undefined => {
    const places = homes.map((pieceOf) => pieceOf.get(index) ?? -1)
    return places.includes(-1) ? undefined : places
  }
  const pieces: KeptPiece[] = []
  let from = 0
  for (let index = 1; index <= migration.statements.length; index += 1) {
    const [here, next] = [home(from), home(index)]
    if (index < migration.statements.length && String(here) === String(next)) continue
    if (here !== undefined) {
      const insideBlock = here.some((place, at) => keptBy[at]?.[place]?.insideBlock === true)
      pieces.push(...keptPiece(migration, { from, to: index, insideBlock }))
    }
    from = index
  }
  return pieces
}
