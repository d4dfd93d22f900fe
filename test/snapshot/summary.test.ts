import { describe, expect, it } from 'vitest'
import { describeSnapshot } from '../../src/snapshot/summary.ts'
import { parseValuesChoice } from '../../src/snapshot/values-choice.ts'
import type { Snapshot } from '../../src/snapshot/format.ts'
import { sample } from './sample.ts'

const holds = 'The file holds values of columns: it is data of production.'

/** The sample with values of the first column that it has, if any. */
function withValues(of: string | undefined): Snapshot {
  const tables = sample.tables.map((table) => ({
    ...table,
    ...(table.columns === undefined
      ? {}
      : {
          columns: table.columns.map((column) =>
            `${table.name}.${column.name}` === of
              ? { ...column, values: { mostCommon: '{1}', frequencies: [1] } }
              : column,
          ),
        }),
  }))
  return { ...sample, containsValues: true, tables }
}

const table = sample.tables.find(({ columns }) => (columns ?? []).length > 0)
const column = `${table?.name}.${table?.columns?.[0]?.name}`

/** What is said of values. */
function said(snapshot: Snapshot, flag: string | true | undefined): readonly string[] {
  const lines = describeSnapshot(snapshot, 'x.json', parseValuesChoice(flag)).split('\n')
  return lines.filter((line) => line.includes('values'))
}

describe('values', () => {
  it('are data where they were read', () => {
    expect(said(withValues(column), true)).toEqual([holds])
    expect(said(withValues(column), column)).toEqual([holds])
    expect(said(withValues(undefined), undefined)).toEqual([])
  })

  it('that were asked for and are not there are named', () => {
    expect(said(withValues(undefined), true)).toEqual(['Not read: values of columns.'])
    expect(said(withValues(column), `${column},nope.x,"A b".y.z`)).toEqual([
      'Not read: values of nope.x, A b.y.z.',
      holds,
    ])
    expect(said(withValues(column), `elsewhere.${column}`)).toEqual([
      `Not read: values of elsewhere.${column}.`,
      holds,
    ])
  })
})
