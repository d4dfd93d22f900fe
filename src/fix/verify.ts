import type { Migration, Statement } from '../core/model.ts'
import { normalizeSql } from '../sql/tokens.ts'
import type { ExpectedGroup } from './edit.ts'
import { isPreparation } from './units.ts'

/** Why the scripts, as the tool reads them, are not what was meant; undefined when they are. */
export function misreading(
  expected: readonly ExpectedGroup[],
  scripts: readonly Migration[],
): string | undefined {
  const found = scripts
    .flatMap(({ statements }) => statements)
    .filter(({ sql, tag }) => tag !== 'TransactionStmt' && !isPreparation(sql))
  const wanted = expected.flatMap(({ statements }) => statements)
  const isSame =
    found.length === wanted.length && found.every(({ sql }, at) => normalizeSql(sql) === wanted[at])
  if (!isSame) return 'The tool would read the file otherwise than it was meant.'
  let at = 0
  let before: Statement | undefined
  for (const { statements, transaction, apart } of expected) {
    const group = found.slice(at, at + statements.length)
    at += statements.length
    const [first] = group
    if (first === undefined) continue
    if (transaction === false && group.some(({ inTransactionBlock }) => inTransactionBlock))
      return 'It has to run outside of a transaction, and the tool would run it in one.'
    if (transaction === true && group.some((one) => one.transaction !== first.transaction))
      return 'Its statements belong in one transaction, and the tool would run them apart.'
    if (apart && before !== undefined && before.transaction === first.transaction)
      return 'Its steps have to commit one by one, and the tool would run them in one transaction.'
    before = group.at(-1)
  }
  return undefined
}
