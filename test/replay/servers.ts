import { fileURLToPath } from 'node:url'
import type { PostgresServer, ServerOptions } from '../../src/postgres/provider.ts'
import { openServer } from '../../src/postgres/server.ts'

/** The oldest and the newest major that we promise to work on. */
export const majors = [14, 18] as const

/** A throwaway server of this major; `await using` or dispose it. */
export function openMajor(major: (typeof majors)[number]): Promise<PostgresServer> {
  return openServer(majorOptions(major))
}

/** What starts another server of the same kind. */
export function majorOptions(major: number): Pick<ServerOptions, 'pgVersion' | 'projectDir' | 'env'> {
  const projectDir = fileURLToPath(new URL(major === 14 ? '../majors' : '../..', import.meta.url))
  return { pgVersion: major, projectDir, env: process.env }
}
