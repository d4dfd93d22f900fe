import { defineConfig } from 'vitest/config'

/** Needs a Docker engine and the image: scripts/try-image.sh provides both. */
export default defineConfig({
  test: { name: 'image', include: ['test/image/*.live.ts'], testTimeout: 120_000 },
})
