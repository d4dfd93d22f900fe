import { UsageError } from '../core/errors.ts'
import type { MigrationSource, SourceOptions } from '../core/source.ts'
import { sources as allSources } from '../sources/index.ts'
import type { Environment } from './git.ts'
import type { RootSettings } from './roots.ts'

/** Everything that decides what is under review. */
export interface ReviewRequest {
  /** Project root, absolute. */
  readonly cwd: string
  /** Files and folders named on the command line, relative to `cwd` or absolute. */
  readonly paths: readonly string[]
  /** Judge every migration, on an empty database. */
  readonly all: boolean
  /** Judge what the index holds and HEAD does not; with `paths`, only those of it. */
  readonly staged?: boolean
  /** `--base`. */
  readonly base?: string
  /** Files of the working tree as they are to be, where somebody wants to know what comes of it; never with paths. */
  readonly changed?: ReadonlyMap<string, Uint8Array>
  /** Also when nothing is under review: the history, where there is one folder of migrations. Absent: no. */
  readonly withHistory?: boolean
  readonly env: Environment
  /** From the configuration: where the migrations are, and what the source is to know. */
  readonly settings?: RootSettings & SourceOptions
  /** Sources to choose from, first come first served; default: all of ours. */
  readonly sources?: readonly MigrationSource[]
}

/** A request with its defaults filled in. */
export interface FullRequest extends ReviewRequest {
  readonly settings: RootSettings & SourceOptions
  readonly sources: readonly MigrationSource[]
}

/** Fills in the defaults. */
export function fullRequest(request: ReviewRequest): FullRequest {
  return { ...request, settings: request.settings ?? {}, sources: request.sources ?? allSources }
}

/** The source of a root. Throws UsageError when the configuration names one that is not there. */
export function sourceOf(request: FullRequest, id: string): MigrationSource {
  const source = request.sources.find((candidate) => candidate.id === id)
  if (source === undefined) throw new UsageError(`There is no migration source "${id}".`)
  return source
}
