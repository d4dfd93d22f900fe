/**
 * What the application's queries cost on top of the rehearsal: the sample shop with one new migration, without
 * queries, with 1,000 on both schemas, and with their plans at production's sizes.
 */
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { median, timeMs } from './measure.ts'
import { buildOnce, command, execute, root, runNode, temporaryFolder } from './processes.ts'

const rounds = 5
const queryCount = 1000
const migrations = 'db/migration'
const lastOfHistory = 'V016'
const snapshot = 'production-snapshot.json'

await buildOnce()
await using folder = await temporaryFolder()
const cwd = folder.dir
await makeShop()

const noSamples = { sampling: { budget: 0 } }
const ways = [
  { name: 'the migration alone', config: { ...noSamples, queries: false } },
  { name: 'with 1,000 queries', config: noSamples },
  { name: 'the migration alone, with a snapshot', config: { ...noSamples, snapshot, queries: false } },
  { name: 'with 1,000 queries and their plans', config: { ...noSamples, snapshot } },
]
const times = ways.map(() => [] as number[])
// in turns, so that a slow moment of the machine meets all of them; the first round does not count
for (let round = 0; round <= rounds; round++) {
  for (const [index, { config }] of ways.entries()) {
    await writeFile(path.join(cwd, 'pgrehearse.config.json'), JSON.stringify(config))
    const ms = await timeMs(() => runNode([command, 'check', '--fail-on', 'never'], { cwd }))
    if (round > 0) times[index]?.push(ms)
  }
}

const width = Math.max(...ways.map(({ name }) => name.length))
console.log(`one new migration, 16 in the history (median of ${rounds} rounds)`)
for (const [index, { name }] of ways.entries()) {
  const own = times[index] ?? []
  const without = times[index - (index % 2)] ?? []
  const perQuery = median(own.map((ms, round) => (ms - (without[round] ?? Number.NaN)) / queryCount))
  const ratio = median(own.map((ms, round) => ms / (without[round] ?? Number.NaN)))
  const more = index % 2 === 0 ? '' : `  × ${ratio.toFixed(1)}, ${perQuery.toFixed(2)} ms per query`
  console.log(`  ${name.padEnd(width)}  ${median(own).toFixed(0).padStart(6)} ms${more}`)
}

async function makeShop(): Promise<void> {
  const shop = path.join(root, 'fixtures/shop')
  await mkdir(path.join(cwd, migrations), { recursive: true })
  for (const file of await readdir(path.join(shop, migrations)))
    if (file.slice(0, lastOfHistory.length) <= lastOfHistory)
      await cp(path.join(shop, migrations, file), path.join(cwd, migrations, file))
  await cp(path.join(shop, snapshot), path.join(cwd, snapshot))
  await mkdir(path.join(cwd, 'queries'))
  await writeFile(path.join(cwd, 'queries/all.sql'), queries())
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'production')
  await git('switch', '--quiet', '--create', 'feature')
  const sql = 'ALTER TABLE products ADD COLUMN note text;\nDROP INDEX orders_customer_id_idx;\n'
  await writeFile(path.join(cwd, migrations, 'V017__note.sql'), sql)
}

/** Different ones, over most tables of the shop; no two are equal, so that nothing can be done once for both. */
function queries(): string {
  const shapes = [
    (n: number) =>
      `SELECT id, status, ${n} AS n FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC LIMIT 20`,
    (n: number) => `SELECT c.*, ${n} AS n FROM customers c WHERE c.email = $1`,
    (n: number) =>
      `SELECT o.id, sum(i.quantity * i.price_cents) + ${n} FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id WHERE o.customer_id = $1 GROUP BY o.id`,
    (n: number) => `UPDATE orders SET status = $1, total_cents = ${n} WHERE id = $2`,
    (n: number) => `INSERT INTO payments (order_id, method, amount_cents) VALUES ($1, $2, ${n + 1})`,
    (n: number) => `DELETE FROM carts WHERE expires_at < $1 AND customer_id = ${n}`,
    (n: number) =>
      `SELECT p.id, p.title FROM products p WHERE p.title ILIKE $1 AND p.price_cents > ${n} LIMIT 20`,
    (n: number) => `SELECT count(*) FROM audit_log WHERE table_name = $1 AND happened_at > $2 AND id > ${n}`,
  ]
  const lines = Array.from({ length: queryCount }, (_, n) => {
    const shape = shapes[n % shapes.length]
    return `-- name: Query${n} :many\n${shape?.(n) ?? ''};\n`
  })
  return lines.join('\n')
}

function git(...args: readonly string[]): Promise<void> {
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com']
  return execute('git', [...identity, ...args], { cwd })
}
