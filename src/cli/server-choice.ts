import type { Config } from '../config/schema.ts'
import { UsageError } from '../core/errors.ts'

/** What the command line says about the server. */
export interface ServerFlags {
  readonly pgVersion?: number
  readonly serverUrl?: string
  readonly image?: string
}

/** Which server to rehearse on; at most one of `serverUrl` and `containerImage`. */
export interface ServerChoice {
  readonly pgVersion?: number
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
  const pgVersion = flags.pgVersion ?? server?.pgVersion
  return {
    ...(pgVersion === undefined ? {} : { pgVersion }),
    ...(url === undefined ? {} : { serverUrl: url }),
    ...(containerImage === undefined ? {} : { containerImage }),
  }
}
