import { describe, expect, it } from 'vitest'
import { formatBytesRange, formatMsRange } from '../../src/core/quantities.ts'
import { isSameButForNoise } from '../../src/gitlab/thread-noise.ts'
import { randomNumbers } from './hostile-report.ts'

const text = [
  '🔴 **Building `i` blocks every write to `orders`.**',
  'Writes wait about 2 min 10 s (1 min 20 s to 3 min 30 s) at 48,000,000 rows, estimated from samples of 30,000 and 100,000 rows.\\\nAt 120 writes per second about 16,000 (9,600 to 25,000) sessions would be waiting at the end; production allows 500 connections.',
  '- costs 33 GB (20 GB to 50 GB) of WAL',
  '```sql\nSELECT pg_sleep(2 min 10 s);\n```',
  '3 queries wait: `ListOrders` (`orders.sql`, 96 per second), `GetOrder` (`orders.sql`, 4.3 per minute)',
  '```\nSeq Scan on orders  (cost=0.00..961537.00 rows=200 width=8)\n  Filter: (a = 200)\n```',
].join('\n\n')

describe('two texts of a thread', () => {
  it.each([
    ['2 min 10 s (1 min 20 s to 3 min 30 s)', '2 min 40 s (1 min 40 s to 4 min)'],
    ['2 min 10 s (1 min 20 s to 3 min 30 s)', '2 min (1 min 20 s to 3 min)'],
    ['33 GB (20 GB to 50 GB)', '30 GB (20 GB to 48 GB)'],
    ['48,000,000 rows', '52,000,000 rows'],
    ['16,000 (9,600 to 25,000)', '15,000 (9,000 to 20,000)'],
    ['samples of 30,000 and 100,000 rows', 'samples of 20,000, 50,000 and 90,000 rows'],
    ['samples of 30,000 and 100,000 rows', 'a sample of 30,000 rows'],
    ['96 per second', '120 per second'],
    ['4.3 per minute', '6.1 per minute'],
    ['cost=0.00..961537.00 rows=200 width=8', 'cost=0.00..9961537.50 rows=1200 width=9'],
  ])('say the same when an estimate moves a little: %s', (from, to) => {
    expect(text).toContain(from)
    expect(isSameButForNoise(text, text.replace(from, to))).toBe(true)
    expect(isSameButForNoise(text.replace(from, to), text)).toBe(true)
  })

  it.each([
    ['2 min 10 s (1 min 20 s to 3 min 30 s)', '4 min (1 min 20 s to 5 min)'],
    ['3 min 30 s)', '6 min)'],
    ['33 GB', '33 MB'],
    ['48,000,000 rows', '98,000,000 rows'],
    ['about 16,000', 'about 36,000'],
    ['500 connections', '501 connections'],
    ['Writes wait', 'Reads and writes wait'],
    ['🔴', '🟠'],
    ['pg_sleep(2 min 10 s)', 'pg_sleep(2 min 20 s)'],
    ['samples of 30,000 and 100,000 rows', 'sizes'],
    ['\n\n- costs 33 GB (20 GB to 50 GB) of WAL', ''],
    ['96 per second', '196 per second'],
    ['96 per second', '96 per minute'],
    ['3 queries wait', '4 queries wait'],
    ['Seq Scan on orders', 'Index Scan on orders'],
    ['a = 200', 'a = 201'],
  ])('say something else otherwise: %s', (from, to) => {
    expect(text).toContain(from)
    expect(isSameButForNoise(text, text.replace(from, to))).toBe(false)
  })

  it('do not differ in times too short to decide anything', () => {
    expect(isSameButForNoise('wait under 1 ms', 'wait about 8.4 ms (2 ms to 31 ms)')).toBe(true)
    expect(isSameButForNoise('wait about 40 ms', 'wait about 400 ms')).toBe(false)
  })

  it('say the same for every estimate within a factor, however it is written', () => {
    const random = randomNumbers(7)
    for (let round = 0; round < 2000; round++) {
      const expected = 10 ** (random() * 9)
      const range = { low: expected * (0.5 + random() / 2), expected, high: expected * (1 + random()) }
      const by = (factor: number) => ({
        low: range.low * factor,
        expected: range.expected * factor,
        high: range.high * factor,
      })
      for (const format of [formatMsRange, formatBytesRange]) {
        const say = (value: typeof range): string => `Writes wait about ${format(value)}, estimated.`
        expect(isSameButForNoise(say(range), say(by(1.25))), `${say(range)} ${say(by(1.25))}`).toBe(true)
        const decides = format === formatMsRange && expected > 500
        expect(!decides || !isSameButForNoise(say(range), say(by(2))), say(range)).toBe(true)
      }
    }
  })

  it('are compared before the test times out, whatever they hold', () => {
    const long = 'about 1 '.repeat(20_000) + '1,'.repeat(20_000) + '9'.repeat(50_000) + ' ms ('.repeat(20_000)
    expect(isSameButForNoise(long, `${long}x`)).toBe(false)
  })
})
