import type { PostgresServer, ServerOptions } from '../../src/postgres/provider.ts'
import { openServer } from '../../src/postgres/server.ts'
import { majorDir, projectRoot } from '../postgres/servers.ts'

export { majors } from '../postgres/servers.ts'

/** A throwaway server of this major; `await using` or dispose it. */
export function openMajor(major: number): Promise<PostgresServer> {
  return openServer(majorOptions(major))
}

/** What starts another server of the same kind. */
export function majorOptions(major: number): Pick<ServerOptions, 'pgVersion' | 'projectDir' | 'env'> {
  return { pgVersion: major, projectDir: major === 18 ? projectRoot : majorDir(major), env: process.env }
}
