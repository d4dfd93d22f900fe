import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { HeavyFirst } from './test/setup/heavy-first.ts'

export default defineConfig({
  test: {
    sequence: { sequencer: HeavyFirst },
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          // vitest leaves one processor to itself, which of CI's two is half
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // no test here replaces a module, a global or the environment; importing all of src for each file takes a minute
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/{replay,postgres,cli,pack,sampling,compatibility,blocking,planning,surprises,proxy,record,trials}/**',
          ],
        },
      },
      {
        test: {
          name: 'replay',
          sequence: { groupOrder: 1 },
          include: [
            'test/{replay,postgres,cli,pack,sampling,compatibility,blocking,planning,surprises,proxy,record,trials}/**/*.test.ts',
          ],
          globalSetup: ['test/setup/postgres-majors.ts', 'test/setup/command-line.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
})
