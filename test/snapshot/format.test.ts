import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/core/errors.ts'
import { parseSnapshot } from '../../src/snapshot/format.ts'
import { printSnapshot } from '../../src/snapshot/print.ts'
import { sample } from './sample.ts'

const read = (value: unknown): Promise<unknown> => parseSnapshot(JSON.stringify(value), 'prod.json')

async function refusal(value: unknown): Promise<string> {
  const error = await read(value).catch((one: unknown) => one)
  expect(error).toBeInstanceOf(ConfigError)
  return (error as ConfigError).message
}

describe('reading a snapshot', () => {
  it('gives back what was printed', async () => {
    expect(await parseSnapshot(printSnapshot(sample), 'prod.json')).toEqual(sample)
    expect(await parseSnapshot(`\u{feff}${printSnapshot(sample)}`, 'prod.json')).toEqual(sample)
  })

  it('names the keys that are wrong', async () => {
    expect(await refusal({ ...sample, tables: [{ ...sample.tables[0], rows: -1 }] })).toMatch(
      /prod\.json is not a valid snapshot[\s\S]*tables\.0\.rows/,
    )
    expect(await refusal({ ...sample, colour: 'red' })).toContain('colour')
    expect(await refusal({ ...sample, settings: { 'a b': 1 } })).toContain('settings')
    expect(await refusal([])).toContain('the file: ')
    expect(await refusal({ format: 'something' })).toContain('format')
  })

  it('says that a newer version is newer', async () => {
    expect(await refusal({ format: 'pgrehearse-snapshot', version: 7, more: true })).toBe(
      'prod.json is a snapshot of version 7; this pgrehearse reads version 1.',
    )
  })

  it('refuses what is no JSON', async () => {
    await expect(parseSnapshot('psql: error', 'prod.json')).rejects.toThrow('prod.json is not JSON.')
  })

  it('normalises statements that nobody has, merges equal ones and counts what it leaves out', async () => {
    const statement = (sql: string, callsPerSecond: number): object => ({
      sql,
      callsPerSecond,
      meanMs: callsPerSecond,
      rowsPerCall: 1,
    })
    const { statements } = await parseSnapshot(
      JSON.stringify({
        ...sample,
        statementsNormalised: false,
        statements: {
          ...sample.statements,
          list: [
            statement('select 1 from t limit 10', 1),
            statement('select 2 from t   limit 20', 3),
            statement(`drop table t`, 1),
            statement(`select from from`, 1),
          ],
        },
      }),
      'prod.json',
    )
    expect(statements?.list).toEqual([
      { sql: 'select $1 from t limit $2', callsPerSecond: 4, meanMs: 2.5, rowsPerCall: 1 },
    ])
    expect(statements?.leftOut).toEqual({ hidden: 3, otherCommands: 10, literals: 0, rare: 0, unparsed: 2 })
  })
})

describe('the printed file', () => {
  it('has a line for each column, index and statement', () => {
    const lines = printSnapshot(sample).split('\n')
    const holding = (text: string): string[] => lines.filter((line) => line.includes(text))
    expect(holding('orders_pkey')).toHaveLength(1)
    expect(holding('orders_pkey')[0]).toContain('"scansPerSecond": 310')
    expect(holding('"correlation"')).toHaveLength(1)
    expect(holding('callsPerSecond')).toHaveLength(1)
    expect(holding('"rows": null')).toEqual(['      "rows": null,'])
  })
})
