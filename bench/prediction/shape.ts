export type Use = 'tuning' | 'hold-out' | 'fresh'

/** A table as a project has it, and what migrations do to it. */
export interface Shape {
  readonly name: string
  /** What it is, in a few words, for the table of results. */
  readonly title: string
  /**
   * `tuning`: constants of src/cost may have been chosen by looking at it. `hold-out`: never, but mistakes that it
   * showed were mended. `fresh`: first predicted in the run that docs/durations-benchmark.md printed first.
   */
  readonly use: Use
  /** What production has applied, one text per migration. */
  readonly history: readonly string[]
  /** SQL that makes as many production-like rows, one statement each; foreign keys and triggers do not fire. */
  readonly load: (rows: number) => readonly string[]
  readonly trials: readonly Trial[]
}

/** One statement under review, in a migration of its own. */
export interface Trial {
  /** The kind of statement, shared by shapes: `create index (text)`. */
  readonly kind: string
  readonly sql: string
  /**
   * Takes it back and leaves nothing behind that would count, so that the truth needs no copy of the database;
   * {@link nothing} where the statement leaves everything as it was.
   */
  readonly undo?: string
  /**
   * Trials of a shape with the same group are predicted in one run, with one budget, in the order of the shape.
   * They must not disturb each other: the truth of each is measured alone.
   */
  readonly group: string
  /** It changes the catalogue only: no table makes it longer, and nothing but that is compared. */
  readonly instant?: true
}

/**
 * Kinds whose work depends on which values are in the table: how many rows match, how many groups there are. A
 * snapshot without values cannot tell.
 */
export const kindsThatDependOnValues: ReadonlySet<string> = new Set([
  'create index (partial)',
  'create table as',
  'delete (half)',
  'insert select (aggregate)',
  'insert select (join)',
  'refresh materialized view',
  'update (some rows)',
])

/** There is nothing to take back. */
export const nothing = 'select'

/** A trial with everything else, for lists that read like tables. */
export function trial(group: string, kind: string, sql: string, undo?: string): Trial {
  return { group, kind, sql, ...(undo === undefined ? {} : { undo }) }
}

/** A trial that changes the catalogue only. */
export function instant(group: string, kind: string, sql: string): Trial {
  return { group, kind, sql, instant: true }
}
