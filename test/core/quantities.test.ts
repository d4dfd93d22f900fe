import { describe, expect, test } from 'vitest'
import {
  formatBytes,
  formatBytesRange,
  formatEstimate,
  formatMs,
  formatMsRange,
  formatRows,
} from '../../src/core/quantities.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

describe('durations', () => {
  test.each([
    [0, 'under 1 ms'],
    [0.7, 'under 1 ms'],
    [1, '1 ms'],
    [3, '3 ms'],
    [1.44, '1.4 ms'],
    [132, '130 ms'],
    [994, '990 ms'],
    [996, '1 s'],
    [1449, '1.4 s'],
    [45_400, '45 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [64_000, '1 min'],
    [66_000, '1 min 10 s'],
    [130_000, '2 min 10 s'],
    [9 * minute + 57 * second, '10 min'],
    [12 * minute + 40 * second, '13 min'],
    [59 * minute + 40 * second, '1 h'],
    [80 * minute, '1 h 20 min'],
    [23 * hour + 57 * minute, '1 d'],
    [76 * hour, '3 d 4 h'],
  ])('%d ms: %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text)
  })

  test('as ranges', () => {
    expect(formatMsRange({ low: 80_000, expected: 130_000, high: 210_000 })).toBe(
      '2 min 10 s (1 min 20 s to 3 min 30 s)',
    )
    expect(formatMsRange({ low: 0, expected: 3, high: 9 })).toBe('3 ms (under 1 ms to 9 ms)')
    expect(formatMsRange({ low: 0.1, expected: 0.2, high: 0.4 })).toBe('under 1 ms')
  })
})

describe('bytes', () => {
  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [512, '512 bytes'],
    [24 * 1024, '24 kB'],
    [168 * 1024, '170 kB'],
    [1023.6 * 1024, '1 MB'],
    [1.44 * 1024 ** 2, '1.4 MB'],
    [24 * 1024 ** 3, '24 GB'],
    [3 * 1024 ** 4, '3 TB'],
  ])('%d: %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test('as ranges', () => {
    const gigabyte = 1024 ** 3
    expect(formatBytesRange({ low: 24 * gigabyte, expected: 31 * gigabyte, high: 40 * gigabyte })).toBe(
      '31 GB (24 GB to 40 GB)',
    )
  })
})

test('counts', () => {
  expect([0, 1, 168, 48_000_000].map(formatRows)).toEqual(['no rows', '1 row', '168 rows', '48,000,000 rows'])
  expect([0.2, 3.04, 1431].map(formatEstimate)).toEqual(['under 1', '3', '1,400'])
})
