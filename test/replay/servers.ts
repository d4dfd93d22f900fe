import { fileURLToPath } from 'node:url'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { openServer } from '../../src/postgres/server.ts'

/** The oldest and the newest major that we promise to work on. */
export const majors = [14, 18] as const

/** A throwaway server of this major; `await using` or dispose it. */
export function openMajor(major: (typeof majors)[number]): Promise<PostgresServer> {
  const projectDir = fileURLToPath(new URL(major === 14 ? '../majors' : '../..', import.meta.url))
  return openServer({ pgVersion: major, projectDir, env: process.env })
}
