import type { Config } from '../config/schema.ts'
import { UsageError } from '../core/errors.ts'
import { majorPlaceholder } from '../rehearsal/server-version.ts'

/** What the command line says about the server. */
export interface ServerFlags {
  /** One major version or several. */
  readonly pgVersion?: number | readonly number[]
  readonly serverUrl?: string
  readonly image?: string
}

/** Which server to rehearse on; at most one of `serverUrl` and `containerImage`. */
export interface ServerChoice {
  readonly pgVersion?: number
  /** Two or more, oldest first, in the place of `pgVersion`. */
  readonly pgVersions?: readonly number[]
  readonly serverUrl?: string
  readonly containerImage?: string
}

/** What the configuration says about it. */
type ServerConfig = Pick<Config, 'server' | 'extensions'>

/**
 * The command line wins over the configuration: a server that is named there is not used together with another one
 * that is named here.
 * @throws UsageError when the command line itself names two, or stand-ins are wanted on a server that is not ours
 */
export function chooseServer(flags: ServerFlags, { server, extensions }: ServerConfig): ServerChoice {
  const { image, serverUrl } = flags
  if (image !== undefined && serverUrl !== undefined) {
    throw new UsageError('--image and --server-url contradict each other: each names another server.', {
      hint: 'Leave out one of the two options.',
    })
  }
  const named = image !== undefined || serverUrl !== undefined
  const containerImage = named ? image : server?.image
  const url = named ? serverUrl : server?.url
  if ((containerImage ?? url) !== undefined && (extensions?.stub ?? []).length > 0) {
    const other = containerImage === undefined ? 'a server by its address' : `the image ${containerImage}`
    throw new UsageError(
      `extensions.stub stands in for extensions on the embedded server, and the rehearsal is to run on ${other}.`,
      { hint: 'Leave out extensions.stub, or the other server.' },
    )
  }
  const majors = majorsOf(flags.pgVersion ?? server?.pgVersion)
  const [pgVersion] = majors
  if (majors.length > 1) refuseOneServer({ url, image: containerImage, binaries: server?.binaries }, majors)
  return {
    ...(majors.length > 1 ? { pgVersions: majors } : pgVersion === undefined ? {} : { pgVersion }),
    ...(url === undefined ? {} : { serverUrl: url }),
    ...(containerImage === undefined ? {} : { containerImage }),
  }
}

function majorsOf(asked: number | readonly number[] | undefined): readonly number[] {
  if (asked === undefined) return []
  return typeof asked === 'number' ? [asked] : [...new Set(asked)].toSorted((a, b) => a - b)
}

interface NamedServer {
  readonly url: string | undefined
  readonly image: string | undefined
  readonly binaries: string | undefined
}

/** @throws UsageError for a server that has one version only */
function refuseOneServer({ url, image, binaries }: NamedServer, majors: readonly number[]): void {
  const asked = `Several versions of Postgres are asked for (${majors.join(', ')})`
  if (url !== undefined) {
    throw new UsageError(`${asked}, and the server that is given has one.`, {
      hint: 'Leave out --server-url (`server.url`), or all versions but its own.',
    })
  }
  if (image !== undefined) {
    if (image.includes(majorPlaceholder)) return
    throw new UsageError(`${asked}, and the image ${image} holds one.`, {
      hint: 'Write {major} where its name has the version, for example --image postgres:{major}.',
    })
  }
  if (binaries === undefined) return
  throw new UsageError(`${asked}, and \`server.binaries\` in the configuration are those of one.`, {
    hint: 'Leave out `server.binaries`, and install the versions: `pgrehearse doctor` says which there are.',
  })
}

/**
 * For commands that can say what one version makes of the migrations only.
 * @param what completes `… says what one version of Postgres does`: `--budget`
 * @throws UsageError when several are asked for
 */
export function refuseSeveralVersions({ pgVersions }: ServerChoice, what: string): void {
  if (pgVersions === undefined) return
  throw new UsageError(
    `${what} goes by what one version of Postgres does, and several are asked for (${pgVersions.join(', ')}).`,
    { hint: `Choose one: --pg-version ${pgVersions.at(-1)}.` },
  )
}
