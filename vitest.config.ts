import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
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
