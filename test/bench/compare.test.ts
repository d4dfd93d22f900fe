import { describe, expect, it } from 'vitest'
import { durations, isInside, ratioOf, summarize, walBytes } from '../../bench/prediction/compare.ts'
import { groupsOf, shapes } from '../../bench/prediction/shapes.ts'
import type { Result } from '../../bench/prediction/result.ts'

const megabyte = 1024 ** 2

function result(expected: number | undefined, trueMs: number, more: Partial<Result> = {}): Result {
  return {
    shape: 'narrow',
    rows: 1000,
    kind: 'add check',
    group: 'scans',
    shared: 1,
    load: 0,
    truth: { ms: trueMs, waitMs: 0, walBytes: 0, tempBytes: 0, grownBytes: 0, runs: 1 },
    ...(expected === undefined
      ? {}
      : {
          predicted: {
            growth: 'grows with the table',
            by: 'samples',
            ms: { low: expected / 2, expected, high: expected * 2 },
            walBytes: { low: 0, expected: 10 * megabyte, high: 20 * megabyte },
            notes: [],
          },
        }),
    ...more,
  }
}

describe('comparing predictions with the truth', () => {
  it('counts what was not predicted as outside of the range', () => {
    const summary = summarize(durations([result(100, 100), result(undefined, 100)]))
    expect(summary).toMatchObject({ count: 2, predicted: 1, inside: 1 })
    expect(summary.within(2)).toBe(1)
  })

  it('finds the worst by factor, whichever way it is wrong', () => {
    const { worst, error, ratio } = summarize(
      durations([result(30, 100), result(200, 100), result(100, 100)]),
    )
    expect(worst).toBeCloseTo(0.3)
    expect(error).toBeCloseTo(0.7)
    expect(ratio).toBeCloseTo(1)
  })

  it('leaves out what waiting for a CPU took', () => {
    const waited = result(100, 250)
    const truth = { ...waited.truth, ms: 250, waitMs: 150, walBytes: 0, tempBytes: 0, grownBytes: 0, runs: 1 }
    const [pair] = durations([{ ...waited, truth }])
    expect(pair?.actual).toBe(100)
    expect(pair && ratioOf(pair)).toBe(1)
    expect(pair && isInside(pair)).toBe(true)
  })

  it('does not compare statements that change the catalogue only', () => {
    expect(durations([result(1, 1, { instant: true })])).toEqual([])
  })

  it('does not hide bytes that were predicted and never came', () => {
    const [pair] = walBytes([result(100, 100)])
    expect(pair && ratioOf(pair)).toBe(Infinity)
    expect(pair && isInside(pair)).toBe(true)
  })
})

describe('shapes', () => {
  it('have at least 15 kinds of statement whose work grows', () => {
    const kinds = shapes.flatMap(({ trials }) =>
      trials.filter(({ instant }) => !instant).map(({ kind }) => kind),
    )
    expect(new Set(kinds).size).toBeGreaterThanOrEqual(15)
  })

  it.each(shapes.map((shape) => [shape.name, shape] as const))('%s names every trial once', (_, shape) => {
    const kinds = shape.trials.map(({ kind }) => kind)
    expect(new Set(kinds).size).toBe(kinds.length)
    expect(groupsOf(shape.trials).flat()).toHaveLength(kinds.length)
  })
})
