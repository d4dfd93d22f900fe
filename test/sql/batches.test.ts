import { expect, it } from 'vitest'
import type { Relation } from '../../src/core/model.ts'
import { batchedUpdate } from '../../src/sql/batches.ts'
import { dollarTag } from '../../src/sql/quote.ts'

const relation = { schema: 'public', name: 'a $$ $batch$', kind: 'table' } as unknown as Relation

it('leaves literals of several lines as they are, and quotes what has dollars in it', () => {
  const sql = batchedUpdate({ relation, key: ['id'] }, "note = 'one\ntwo'", [])
  expect(sql).toContain("SET note = 'one\ntwo'\n")
  expect(sql).toMatch(/^DO \$batch_2\$\n/)
  expect(sql).toMatch(/END \$batch_2\$$/)
})

it.each([
  ['SELECT 1', '$$'],
  ['$$ $x$', '$x_2$'],
])('a dollar quote for %s', (text, tag) => expect(dollarTag('x', text)).toBe(tag))
