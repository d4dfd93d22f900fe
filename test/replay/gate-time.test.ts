import { expect, test } from 'vitest'
import { GateTime } from '../../src/replay/gate-pass.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { migration } from './laboratory.ts'

test('gate passes end when their time is up, and that is said once', async () => {
  await loadParser()
  const [statement] = migration('do $$ begin null; end $$', 'file').statements
  if (statement === undefined) throw new Error('no statement')
  const time = new GateTime(10)
  time.spend(9)
  expect(time.isUp).toBe(false)
  time.spend(1)
  expect(time.isUp).toBe(true)
  expect(time.limits(statement)).toMatchObject([{ code: 'gate-incomplete', span: statement.span }])
  expect(time.limits(statement)).toEqual([])
})
