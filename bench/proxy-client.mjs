/** What a migration tool does, in a thread of its own: statements one after the other, each awaited. */
import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'

const { config, statements, protocol } = workerData
const client = new pg.Client(config)
await client.connect()
const start = performance.now()
for (const text of statements) {
  await client.query(protocol === 'simple' ? { text } : { text, queryMode: 'extended' })
}
const took = performance.now() - start
await client.end()
parentPort?.postMessage(took)
