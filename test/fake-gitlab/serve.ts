/** Starts the fake for a look at it, or for `npm run test:live` against it; prints how to reach it, ends with Ctrl+C. */
import { once } from 'node:events'

import { startFakeGitLab } from './index.ts'

const server = await startFakeGitLab()
const variables = {
  GITLAB_TEST_URL: server.url,
  GITLAB_TEST_TOKEN: server.botToken,
  GITLAB_TEST_PROJECT: server.state.project.path,
  GITLAB_TEST_PERSON_TOKEN: server.addToken({ username: 'colleague' }),
}
for (const [name, value] of Object.entries(variables)) process.stdout.write(`export ${name}=${value}\n`)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await server.close()
