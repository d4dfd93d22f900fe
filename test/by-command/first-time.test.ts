import { beforeAll, expect, it } from 'vitest'
import { firstTimeOf } from '../../src/by-command/down-back.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { recorded } from '../record/made-up.ts'

beforeAll(loadParser)

it.each([
  ["insert into users values ('a', '2026-01-01 10:00:00')", 2],
  ['alter table orders add note text', 0],
  ["insert into orders values (now(), 'never sent before')", 1],
])('finds %s among what was sent the first time, though times differ', (sql, index) => {
  const work = recorded([
    'alter table orders add note text',
    'insert into orders values (1)',
    "insert into users values ('a', '2026-01-01 09:59:00')",
  ]).map((one) => ({ recorded: one, file: undefined }))
  expect(recorded([sql]).map((again) => firstTimeOf(again, work))).toEqual([work[index]])
})
