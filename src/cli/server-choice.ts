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

/**
 * The command line wins over the configuration: a server that is named there is not used together with another one
 * that is named here.
 * @throws UsageError when the command line itself names two
 */
export function chooseServer(flags: ServerFlags, server: Config['server']): ServerChoice {
  const { image, serverUrl } = flags
  if (image !== undefined && serverUrl !== undefined) {
    throw new UsageError('--image and --server-url contradict each other: each names another server.', {
      hint: 'Leave out one of the two options.',
    })
  }
  const named = image !== undefined || serverUrl !== undefined
  const containerImage = named ? image : server?.image
  const url = named ? serverUrl : server?.url
  const pgVersion = flags.pgVersion ?? server?.pgVersion
  return {
    ...(pgVersion === undefined ? {} : { pgVersion }),
    ...(url === undefined ? {} : { serverUrl: url }),
    ...(containerImage === undefined ? {} : { containerImage }),
  }
}
