import type { Config } from './config/schema.ts'
import type { Baseline } from './core/baseline.ts'
import type { FailOn, Limit } from './core/model.ts'
import type { SchemaSnapshot } from './replay/fingerprint.ts'
import type { Budget } from './rehearsal/rehearse-within.ts'

/** What the command line decides; everything else comes from the configuration. */
export interface CheckOptions {
  /** Project root: where configuration and migrations are looked for. */
  readonly cwd: string
  /** Migration files or folders named on the command line, relative to `cwd`. */
  readonly paths: readonly string[]
  /** Judge every migration. */
  readonly all: boolean
  /** Judge what the next commit changes, as the index holds it; absent: no. */
  readonly staged?: boolean
  readonly base?: string
  /** False for `lint`. */
  readonly replay: boolean
  readonly failOn: FailOn
  readonly requireRehearsal: boolean
  /** Major version to replay on; absent: production's where it can be had, else the newest that is installed. */
  readonly pgVersion?: number
  /**
   * Several, oldest first: checkOnMajors() makes one report of a check of each; with `pgVersion` this is one of these
   * checks. Absent: one.
   */
  readonly pgVersions?: readonly number[]
  /** Oldest major version that remedies have to be valid on; absent: not known. */
  readonly productionMajor?: number
  readonly serverUrl?: string
  /** Rehearse in a container of this image, `{major}` in it is the version; not together with `serverUrl`. */
  readonly containerImage?: string
  readonly sharedServer: boolean
  readonly superuser: boolean
  readonly cacheDir?: string
  /** Facts about production, in the place of the configuration's `snapshot`; absolute. */
  readonly snapshotFile?: string
  /** What the configuration's `snapshot` holds, where a commit decides; absent: what is on disk. */
  readonly snapshotBytes?: Uint8Array
  /** Replay only when the cache makes that fit into this time; absent: whatever it takes. */
  readonly budget?: Budget
  /** Replay remedies before they are offered; absent: yes, where there is a replay without a budget. */
  readonly prove?: boolean
  /** Milliseconds for that; absent: half of the rehearsal's time, within bounds. */
  readonly proveLimitMs?: number
  /** Offer remedies in the place of statements as well; absent: in merge request pipelines. Never with a budget. */
  readonly suggestions?: boolean
  /** Try the way down of what is under review; absent: yes, where remedies would be replayed. */
  readonly down?: boolean
  /** Try failures in the middle of what is not one transaction; absent: yes, where remedies would be replayed. */
  readonly retry?: boolean
  /** Tell what the migrations change beyond their words; absent: yes, where remedies would be replayed. */
  readonly silent?: boolean
  /** Run them on a clone of production as well, where the configuration creates one; absent: yes. */
  readonly clone?: boolean
  /** Revisions whose migrations are replayed before and behind those under review; absent: none. */
  readonly with?: readonly string[]
  /** What this run is about besides what `check` always judges: the queries alone; absent: no. */
  readonly queriesOnly?: boolean
  /** A command that is recorded in the place of files, whatever the configuration says. */
  readonly command?: RecordedCommand
  /** Takes what commands print that are recorded; absent: it is lost. */
  readonly commandOutput?: (chunk: Uint8Array) => void
  /** Judge every query of the application, not only those that are new or changed; absent: no. */
  readonly everyQuery?: boolean
  /** Milliseconds for trying them out; absent: half of the rehearsal's time, within bounds. */
  readonly suggestionsLimitMs?: number
  /** Which of the repository's databases it is about; absent: there is only one. */
  readonly database?: string
  /** Only code below this folder queries the database, relative to the project root; absent: all of the project's. */
  readonly codeDir?: string
  /** Folders of migrations that runs of their own judge: others are said. Absent: nothing is said. */
  readonly besides?: readonly string[]
  readonly config: Config
  /** Files that it extends, relative to the project root; absent: none. */
  readonly configExtends?: readonly string[]
  /** What is known before the run not to be looked at; absent: nothing. */
  readonly limits?: readonly Limit[]
  /** Files of the project as they are to be, to know what comes of them before they are written; absent: as they are. */
  readonly changed?: ReadonlyMap<string, Uint8Array>
  /** Told the schema that the migrations under review leave, when they come to their end. */
  readonly onSchema?: (schema: SchemaSnapshot) => void
  /** Sentences about whose configuration this is, for the report; absent: it is simply the branch's own. */
  readonly decidedBy?: readonly string[]
  /** Findings that were accepted for good; absent: none. */
  readonly baseline?: Baseline
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted on SIGINT and SIGTERM: the run stops and leaves nothing behind. */
  readonly signal: AbortSignal
  /** One sentence per phase, for a spinner or a CI log. */
  readonly progress: (message: string) => void
  /** One sentence that only whoever looks for a fault wants to read; absent: nobody does. */
  readonly debug?: (message: string) => void
  /** A line for the job's log and nothing else: what commands print, and errors with what rows hold; absent: nobody reads it. */
  readonly log?: (line: string) => void
  readonly now: Date
}

/** What `pgrehearse run` is given. */
export interface RecordedCommand {
  /** Program and arguments. */
  readonly run: readonly string[]
  /** Makes what it stands on, for a shell. Absent: it begins on an empty database. */
  readonly history?: string
  /** Takes back what the command does, for a shell. */
  readonly down?: string
}
