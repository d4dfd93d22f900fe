/** A migration tool as people install and run it. */
export interface RealTool {
  /** The folder in fixtures/formats. */
  readonly name: string
  /** Programs that must be on the PATH: `go`, `cargo`, `java`, `mvn`, … */
  readonly needs: readonly string[]
  /** Roughly what installing takes the first time, in seconds on two cores: the quick ones run first. */
  readonly installSeconds: number
  /**
   * Puts the tool into the folder, which is kept between runs and may hold it already; gives its version.
   * @throws {Unavailable} when it cannot be had here
   */
  install(folder: string, execute: Execute): Promise<string>
  /** Applies all pending migrations of the project, as its users do. */
  migrate(run: ToolRun): Promise<void>
  /** SQL that the superuser runs in the database beforehand: what the platform has. */
  readonly before?: string
  /**
   * Identities of schema objects that differ for a reason, each with that reason:
   * `public.goose_db_version_id_seq`: `a serial of older versions`.
   */
  readonly knownDifferences?: Readonly<Record<string, string>>
  /** Statements of ours that stand for what the tool does by other means: not looked for in the log. */
  readonly standIns?: readonly string[]
}

export interface ToolRun {
  /** Where the tool was installed. */
  readonly folder: string
  /** A copy of the fixture, base and branch, that may be written to. */
  readonly project: string
  readonly database: Database
  readonly execute: Execute
}

/** The role is no superuser, owns the database and may create roles; it needs its password. */
export interface Database {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly name: string
  /** `postgresql://user:password@host:port/name?sslmode=disable` */
  readonly url: string
}

/** Runs a program to its end; gives its standard output. Fails with what it printed. */
export type Execute = (
  program: string,
  args: readonly string[],
  options?: {
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    /** Kills it after so many seconds; default 600. */
    readonly seconds?: number
  },
) => Promise<string>

/** The tool cannot be had on this machine: that is said, and no failure. */
export class Unavailable extends Error {}
