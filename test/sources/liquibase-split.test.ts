import { expect, test } from 'vitest'
import { splitLiquibase, type LiquibaseSplitting } from '../../src/sources/liquibase-split.ts'

const usual: LiquibaseSplitting = { splitStatements: true, stripComments: true }

function pieces(sql: string, options: Partial<LiquibaseSplitting> = {}): readonly string[] {
  return splitLiquibase(sql, 0, sql.length, { ...usual, ...options }).map(({ start, end }) =>
    sql.slice(start, end),
  )
}

// each of these was compared with StringUtil.processMultiLineSQL of liquibase-core 4.31.1
test.each([
  ['semicolons', 'a; b ;;\n c', {}, ['a', 'b', 'c']],
  [
    'no semicolon in literals and comments',
    `a '1;''2' "x;y" -- c;\n, b /* ; */;`,
    {},
    [`a '1;''2' "x;y" -- c;\n, b`],
  ],
  ['GO and a slash alone on a line', 'a\nGO\nb\n/\nc / d', {}, ['a', 'b', 'c / d']],
  ['a body with BEGIN', 'f $$ BEGIN x; END $$; b', {}, ['f $$ BEGIN x; END $$', 'b']],
  ['not BEGIN TRANSACTION', 'BEGIN TRANSACTION; a; END; b', {}, ['BEGIN TRANSACTION', 'a', 'END', 'b']],
  [
    'bodies as if dollars were nothing',
    'f $$ DECLARE x; BEGIN y; END; $$; b',
    {},
    ['f $$ DECLARE x', 'BEGIN y; END', '$$', 'b'],
  ],
  [
    'END IF as an END',
    'f BEGIN IF a THEN b; END IF; c; END; d',
    {},
    ['f BEGIN IF a THEN b; END IF', 'c', 'END', 'd'],
  ],
  ['nothing when told so', 'a; b', { splitStatements: false }, ['a; b']],
  ['its own delimiter', 'a; b;; c', { endDelimiter: ';;' }, ['a; b', 'c']],
  ['a delimiter on a line', 'a; b\nGO\nc', { endDelimiter: String.raw`\nGO` }, ['a; b', 'c']],
  ['a slash on a line', 'a / b;\n/\nc', { endDelimiter: '/' }, ['a / b;', 'c']],
  [
    'a backslash as no escape, then as one',
    String.raw`a '\'; b 'c\'; d'; e`,
    {},
    [String.raw`a '\'; b 'c\'; d'`, 'e'],
  ],
] as const)('cuts at %s', (_, sql, options, expected) => {
  expect(pieces(sql, options)).toEqual(expected)
})

test('does not take for ever over what never ends', () => {
  for (const part of ['/*', "'\\'", '"\\"', '[', '`', '(.'])
    expect(pieces(part.repeat(30_000))).toHaveLength(1)
  expect(pieces('x; '.repeat(3000), { endDelimiter: '(a+)+b' })).toHaveLength(1)
})
