import { expect, test } from 'vitest'
import { fixedPart, withFixedPart, withoutFixedPart } from '../../src/cost/fixed-part.ts'
import type { Point, Points } from '../../src/cost/points.ts'
import type { RehearsedAmounts } from '../../src/cost/samples.ts'

function point(rows: number, ms: number): Point {
  return {
    rows,
    ms,
    walBytes: 100_000,
    tempBytes: 0,
    readBytes: 0,
    writtenBytes: 0,
    pagesTouched: rows,
    newFileBytes: 0,
    matchedRows: undefined,
  }
}

const one: Points = { large: [point(20_000, 12)], scaled: [] }

const rehearsed = (ms: number): RehearsedAmounts => ({ ms, walBytes: 1000 })

/** Scaled to a hundred times as many rows, with a range of a factor of 1.5. */
function priced(points: Points, durationMs: number) {
  const part = fixedPart(points, rehearsed(durationMs), 2_000_000)
  if (part === undefined) throw new Error('no fixed part')
  const ms = 100 * (withoutFixedPart(points, part).large[0]?.ms ?? 0)
  return withFixedPart({ durationMs: { low: ms / 1.5, expected: ms, high: ms * 1.5 }, notes: [] }, part)
}

test('what the rehearsal took does not grow', () => {
  const { durationMs } = priced(one, 8)
  expect(durationMs?.expected).toBeCloseTo(400 + 8)
  // more or less of it may not grow
  expect(durationMs?.high).toBeCloseTo((12 - 4) * 100 * 1.5 + 8)
  expect(durationMs?.low).toBeLessThan((0.95 * 400) / 1.5 + 8)
  expect(durationMs?.low).toBeGreaterThan((0.5 * 400) / 1.5 + 8)
  expect(priced(one, 0.001).durationMs?.low).toBeCloseTo(1200 / 1.5, -1)
})

test('a rehearsal that took longer than the sample does not make it free', () => {
  const { durationMs } = priced(one, 80)
  expect(durationMs?.expected).toBeGreaterThan(0.25 * 1200)
  expect(durationMs?.high).toBeGreaterThan(0.25 * 1800)
  expect(durationMs?.low).toBeLessThanOrEqual(durationMs?.expected ?? 0)
})

test('full pages of the catalogue do not grow', () => {
  const part = fixedPart(one, rehearsed(8), 2_000_000)
  expect(part?.walBytes).toMatchObject({ amount: 1000 + 32_768, least: 0.01 })
})

test('two sizes tell it by themselves, a sample like production has it, and without a rehearsal nothing does', () => {
  const two: Points = { large: [point(20_000, 12), point(60_000, 30)], scaled: [] }
  expect(fixedPart(two, rehearsed(8), 2_000_000)).toBeUndefined()
  expect(fixedPart(one, rehearsed(8), 20_000)).toBeUndefined()
  expect(fixedPart(one, undefined, 2_000_000)).toBeUndefined()
})
