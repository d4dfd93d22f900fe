import { startEmbedded } from './embedded.ts'
import { connectExisting } from './existing.ts'
import type { PostgresServer, ServerOptions } from './provider.ts'

/**
 * A server to rehearse on: the one of `serverUrl`, one in a container of `containerImage`, else an embedded one.
 * @throws EnvironmentError when none can be had; UsageError when the given one must not be used.
 */
export async function openServer(options: ServerOptions): Promise<PostgresServer> {
  if (options.containerImage !== undefined) {
    const { startInContainer } = await import('./container.ts')
    return startInContainer(options)
  }
  return options.serverUrl === undefined ? startEmbedded(options) : connectExisting(options)
}
