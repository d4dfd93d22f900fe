/** What a migration tool does, in a thread of its own: statements one after the other, each awaited. */
import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'

const { config, statements, protocol } = workerData
const client = new pg.Client(config)
await client.connect()
const start = performance.now()
for (const text of statements) {
  // oxlint-disable-next-line typescript/await-thenable -- the types of pg do not know queryMode
  await client.query(protocol === 'simple' ? { text } : { text, queryMode: 'extended' })
}
const took = performance.now() - start
await client.end()
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
parentPort?.postMessage(took)
