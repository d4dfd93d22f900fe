import type { NewPiece } from '../core/source.ts'

/** What becomes of a script: its own file, and the files that follow it. Line ends are `\n` in what is new. */
export interface Edit {
  readonly text: string
  /** Does the script's own file now have to run outside of a transaction? */
  readonly outside: boolean
  readonly pieces: readonly NewPiece[]
  /** In order, what is to commit together; the tool has to read it so. */
  readonly expected: readonly ExpectedGroup[]
}

/** Statements that follow each other, normalized, without SET, BEGIN and COMMIT. */
export interface ExpectedGroup {
  readonly statements: readonly string[]
  /** Undefined: whatever the tool does with them. */
  readonly transaction: boolean | undefined
  /** Does it begin another transaction than the group before it? */
  readonly apart: boolean
}

/** Why a remedy cannot be written: a whole sentence. */
export interface NotEdited {
  readonly cannot: string
}
