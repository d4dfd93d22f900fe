import { startEmbedded } from './embedded.ts'
import { connectExisting } from './existing.ts'
import type { PostgresServer, ServerOptions } from './provider.ts'

/**
 * A server to rehearse on: the one of `serverUrl`, else a throwaway one.
 * @throws EnvironmentError when none can be had; UsageError when the given one must not be used.
 */
export function openServer(options: ServerOptions): Promise<PostgresServer> {
  return options.serverUrl === undefined ? startEmbedded(options) : connectExisting(options)
}
