import { beforeAll, describe, expect, it } from 'vitest'
import type { TransactionMode } from '../../src/core/model.ts'
import { loadParser, parseScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { script } from './scripts.ts'

beforeAll(loadParser)

/** Transaction number of each statement, `b` when it runs in a block: `0 1b 1b`. */
function layout(mode: TransactionMode, ...texts: string[]): string {
  const parsed = texts.map((text, at) => parseScript(script(text, mode, `${at}.sql`)))
  return layOutTransactions(parsed, false)
    .flatMap(({ statements }) => statements)
    .map(({ transaction, inTransactionBlock }) => `${transaction}${inTransactionBlock ? 'b' : ''}`)
    .join(' ')
}

describe('layOutTransactions', () => {
  it('commits each statement by itself under psql', () => {
    expect(layout('statement', 'select 1; select 2; select 3')).toBe('0 1 2')
  })

  it('honours BEGIN and COMMIT of the file', () => {
    expect(layout('statement', 'select 1; begin; select 2; select 3; commit; select 4')).toBe(
      '0 1b 1b 1b 1b 2',
    )
  })

  it('ends a block that a file leaves open when the tool reconnects', () => {
    expect(layout('statement', 'begin; select 1', 'select 2')).toBe('0b 0b 1')
  })

  it('keeps a file in one transaction', () => {
    expect(layout('file', 'select 1; select 2', 'select 3')).toBe('0b 0b 1b')
  })

  it("lets a file's own COMMIT end the tool's transaction", () => {
    expect(layout('file', 'select 1; commit; select 2; select 3')).toBe('0b 0b 1 2')
  })

  it('takes BEGIN inside a transaction for the warning that it is', () => {
    expect(layout('file', 'begin; select 1; commit;')).toBe('0b 0b 0b')
  })

  it('runs a simple Query of several statements as one transaction, a single statement outside of a block', () => {
    expect(layout('simple query', 'select 1; select 2', 'select 3', 'select 4; select 5')).toBe(
      '0b 0b 1 2b 2b',
    )
  })

  it('turns an implicit transaction into a block at BEGIN and starts a new one after COMMIT', () => {
    expect(layout('simple query', 'select 1; begin; select 2; commit; select 3; select 4')).toBe(
      '0b 0b 0b 0b 1b 1b',
    )
  })

  it('takes each part of a script for a message of its own', () => {
    const text = 'select 1; select 2;\nselect 3;\nselect 4; select 5;'
    const ends = [...text.matchAll(/\n|$/g)].map(({ index }) => index)
    const parts = ends.map((end, at) => ({ start: at === 0 ? 0 : (ends[at - 1] ?? 0), end }))
    const inParts = (mode: TransactionMode): string => {
      const parsed = [parseScript({ ...script(text, mode), parts })]
      return layOutTransactions(parsed, false)
        .flatMap(({ statements }) => statements)
        .map(({ transaction, inTransactionBlock }) => `${transaction}${inTransactionBlock ? 'b' : ''}`)
        .join(' ')
    }
    expect(inParts('simple query')).toBe('0b 0b 1 2b 2b')
    expect(inParts('statement')).toBe('0 1 2 3 4')
    expect(inParts('file')).toBe('0b 0b 0b 0b 0b')
  })

  it('joins all files of a run', () => {
    expect(layout('run', 'select 1; select 2', 'select 3')).toBe('0b 0b 0b')
  })

  it('goes on with COMMIT AND CHAIN', () => {
    expect(layout('statement', 'begin; select 1; commit and chain; select 2; commit; select 3')).toBe(
      '0b 0b 0b 1b 1b 2',
    )
  })
})
