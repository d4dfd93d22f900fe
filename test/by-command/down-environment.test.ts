import { expect, it } from 'vitest'
import { downEnvironment } from '../../src/by-command/down-environment.ts'

const django = {
  files: [
    'cart/migrations/0001_a.py',
    'shop/migrations/0001_b.py',
    'shop/migrations/0002_c.py',
    'shop/migrations/0003_d.py',
  ],
  underReview: ['cart/migrations/0001_a.py', 'shop/migrations/0003_d.py'],
}

it('tells how far it is back, what was run, and what stood there before it', () => {
  expect(downEnvironment({ ...django, ran: django.underReview, versions: 2 })).toEqual({
    PGREHEARSE_MIGRATIONS: '2',
    PGREHEARSE_FILES: 'cart/migrations/0001_a.py\nshop/migrations/0003_d.py',
    PGREHEARSE_BEFORE: 'shop/migrations/0002_c.py',
  })
})

it.each([
  // a changelog with three changesets
  ['3', ['db/003.sql'], 3],
  // two revisions of Alembic, which keeps the latest only
  ['2', ['versions/b.py', 'versions/a.py'], 1],
  ['1', [], undefined],
])('goes back by %s', (steps, ran, versions) => {
  const { PGREHEARSE_MIGRATIONS } = downEnvironment({ ran, versions, files: ran, underReview: ran })
  expect(PGREHEARSE_MIGRATIONS).toBe(steps)
})

it('looks beside the folder that a migration has for itself', () => {
  const files = [
    'migrations/2025-01-01_a/up.sql',
    'migrations/2025-02-01_b/up.sql',
    'migrations/2025-03-01_c/up.sql',
  ]
  const ran = files.slice(2)
  const { PGREHEARSE_BEFORE } = downEnvironment({ ran, versions: 1, files, underReview: ran })
  expect(PGREHEARSE_BEFORE).toBe('migrations/2025-02-01_b/up.sql')
})
