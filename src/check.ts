import type { FailOn, Report } from './core/model.ts'
import type { Config } from './config/schema.ts'

/** What the command line decides; everything else comes from the configuration. */
export interface CheckOptions {
  /** Project root: where configuration and migrations are looked for. */
  readonly cwd: string
  /** Migration files or folders named on the command line, relative to `cwd`. */
  readonly paths: readonly string[]
  /** Judge every migration. */
  readonly all: boolean
  readonly base?: string
  /** False for `lint`. */
  readonly replay: boolean
  readonly failOn: FailOn
  readonly requireRehearsal: boolean
  readonly pgVersion?: number
  readonly serverUrl?: string
  readonly sharedServer: boolean
  readonly superuser: boolean
  readonly cacheDir?: string
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted on SIGINT and SIGTERM: the run stops and leaves nothing behind. */
  readonly signal: AbortSignal
  /** One sentence per phase, for a spinner or a CI log. */
  readonly progress: (message: string) => void
  readonly now: Date
}

/** Runs the main job. Throws ToolError for what the user can mend; the report says everything else. */
export async function check(_options: CheckOptions): Promise<Report> {
  throw new Error('not written yet')
}
