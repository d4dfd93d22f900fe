import { describe, expect, it } from 'vitest'
import { editedMigrations } from '../../src/by-command/edited.ts'
import { bookOf } from '../../src/record/book.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { recorded } from './made-up.ts'

// what tests are given is made before beforeAll()
await loadParser()

const users = { path: 'db/001_users.rb', text: '# users\ncreate_table :users\n' }
const helper = { path: 'db/helper.rb', text: 'x = 1\n' }
const end = { code: 0, signal: null, tooLong: false }

describe('a migration that the base revision has run', () => {
  const statements = recorded([
    'create table users (id int)',
    "insert into schema_migrations values ('001_users')",
  ])
  const recording = { command: 'tool', end, output: [], statements, connections: 1, limits: [] }
  const history = bookOf(recording, {
    files: [users, helper],
    underReview: [],
    failed: undefined,
    title: 'history',
  })
  const old = [users, helper]

  it.each([
    [
      'edited',
      [
        { ...users, text: 'create_table :people\n' },
        { ...helper, text: 'x = 2\n' },
      ],
    ],
    ['deleted', [helper]],
    ['deleted, now db/002_users.rb', [{ ...users, path: 'db/002_users.rb' }, helper]],
    // comments and white space; another folder
    ['', [{ ...users, text: 'create_table   :users' }, helper]],
    ['', [{ ...users, path: 'lib/001_users.rb' }, helper]],
  ])('is %s', (expected, files) => {
    const edited = editedMigrations({ old, files }, history, { chapters: [] })
    const told = edited.map(({ script: { file }, change, renamedTo }) => [
      file,
      `${change}${renamedTo === undefined ? '' : `, now ${renamedTo}`}`,
    ])
    expect(told).toEqual(expected === '' ? [] : [[users.path, expected]])
  })

  it('is none that the tool runs again', () => {
    const files = [{ ...users, text: 'create_view :users\n' }]
    expect(editedMigrations({ old, files }, history, { chapters: history.chapters })).toEqual([])
  })
})
