import { expect, it } from 'vitest'
import { isWayDownFile, wayDownOf } from '../../src/record/ways-down.ts'

it.each([
  ['db/000003_note.up.sql', 'db/000003_note.down.sql'],
  ['migrations/2025-04-01_note/up.sql', 'migrations/2025-04-01_note/down.sql'],
  ['db/002.do.sql', 'db/002.undo.sql'],
  ['db/1743_note.sql', 'db/1743_note.down.sql'],
])('the way down of %s stands in %s', (up, down) => {
  const files = ['db/000003_other.down.sql', down].map((path) => ({ path, text: '' }))
  expect(wayDownOf({ path: up, text: '' }, files)?.path).toBe(down)
  expect([isWayDownFile(down, undefined), isWayDownFile(up, undefined)]).toEqual([
    down.startsWith('migrations/'),
    false,
  ])
  expect(isWayDownFile(down, up.split('/')[0])).toBe(true)
})
