import { expect, it } from 'vitest'
import { branchWith } from '../replay/checked.ts'
import { run } from './run.ts'

it('adds up what is judged, not what is replayed before it', async () => {
  const { path: cwd } = await branchWith(
    {
      'pgrehearse.config.yaml': 'tables:\n  orders: 40M rows, 5 GB\n  notes: 4M rows, 500 MB\n',
      'migrations/001_tables.up.sql': 'CREATE TABLE orders (id bigint);\nCREATE TABLE notes (id bigint);\n',
    },
    {
      'migrations/002_orders.up.sql': 'VACUUM FULL orders;\n',
      'migrations/003_notes.up.sql': 'CREATE INDEX CONCURRENTLY notes_id_idx ON notes (id);\n',
    },
  )
  const { stdout } = await run(['lint', 'migrations/003_notes.up.sql', '--format', 'json'], { cwd })
  const { migrations, production } = JSON.parse(stdout) as {
    migrations: { file: string; statements: { cost: { durationMs: object } }[] }[]
    production: { run: { durationMs: object } }
  }
  expect(migrations.map(({ file }) => file)).toEqual(['migrations/003_notes.up.sql'])
  expect(production.run.durationMs).toEqual(migrations[0]?.statements[0]?.cost.durationMs)
})
