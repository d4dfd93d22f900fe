/** `npm run test:containers`: not a part of `npm test`, since it needs a container engine. See scripts/try-containers.sh. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'containers',
    include: ['test/containers/*.live.ts'],
    globalSetup: ['test/setup/command-line.ts'],
    // each counts the containers that are there
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
