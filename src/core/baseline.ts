/** A finding that was accepted once and for all, as the baseline lists it. */
export interface BaselineEntry {
  /** That of the finding, with an ordinal of its own among equal ones of the file: `…-2`. */
  readonly fingerprint: string
  readonly rule: string
  /** Empty for findings about a file. */
  readonly object: string
  /** Relative to the project root. */
  readonly file: string
  /** Name of the query that it is about. */
  readonly query?: string
  /** For people; where it is about a file as a whole it has to be the same as the finding's. */
  readonly message: string
  readonly reason: string
  readonly author?: string
  /** ISO date on which it was accepted. */
  readonly date?: string
  /** What found it: a run on everything (`--all`, on an empty database), or one on top of the history. */
  readonly run: 'all' | 'review'
}

/** An entry as it stands in its file. */
export interface WrittenEntry extends BaselineEntry {
  /** From 1. */
  readonly line: number
  /** Its file is no longer there. */
  readonly gone?: boolean
}

/** The findings that were accepted. */
export interface Baseline {
  /** Relative to the project root. */
  readonly file: string
  readonly entries: readonly WrittenEntry[]
  /** Keys of entries that the branch removes, where the target branch's baseline decides: see entryKey(). */
  readonly removed?: ReadonlySet<string>
}

/** Tells entries of a baseline apart. */
export function entryKey({ fingerprint, file }: Pick<BaselineEntry, 'fingerprint' | 'file'>): string {
  return `${fingerprint}\0${file}`
}
