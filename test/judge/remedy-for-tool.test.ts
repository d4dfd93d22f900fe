import { expect, test } from 'vitest'
import type { TransactionMode } from '../../src/core/model.ts'
import { remedyForTool } from '../../src/judge/remedy-for-tool.ts'

const inside = { sql: 'select 1', transaction: true }
const outside = { sql: 'create index concurrently i on t (a)', transaction: false }

test.each<[string, TransactionMode, readonly (typeof inside)[], string]>([
  [
    'drizzle',
    'run',
    [outside],
    'Mend it. Drizzle runs every file in a transaction, so that has to run outside of the migrations.',
  ],
  ['drizzle', 'statement', [outside], 'Mend it.'],
  [
    'refinery',
    'file',
    [outside],
    'Mend it. refinery runs every file in a transaction, so that has to run outside of the migrations.',
  ],
  ['sqlx', 'file', [outside, inside], 'Mend it.'],
  [
    'flyway',
    'run',
    [inside, inside],
    'Mend it. All pending files are one transaction here: deploy each of these migrations before the next one is added.',
  ],
  ['flyway', 'run', [inside], 'Mend it.'],
])('says for %s by %s what becomes of the steps %j', (source, mode, migrations, summary) => {
  const transaction = { mode, why: '' }
  expect(remedyForTool({ summary: 'Mend it.', migrations }, { source, transaction })).toEqual({
    summary,
    migrations,
  })
})
