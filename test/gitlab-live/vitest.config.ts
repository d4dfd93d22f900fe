/** `npm run test:live`: not a part of `npm test`, since it writes to a GitLab. See README.md. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'live',
    include: ['test/gitlab-live/*.live.ts'],
    // One merge request after another: note creation is limited to 60 a minute on GitLab.com.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
})
