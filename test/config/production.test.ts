import { describe, expect, it } from 'vitest'
import { thresholdsOf } from '../../src/config/thresholds.ts'
import { validateConfig } from '../../src/config/validate.ts'
import type { Config } from '../../src/config/schema.ts'
import { defaultThresholds } from '../../src/core/thresholds.ts'

const known = { rules: async () => [], reserved: async () => [], sources: async () => [] }

function read(value: unknown): Promise<Config> {
  return validateConfig(value, 'pgrehearse.config.yaml', known)
}

describe('what the configuration says of production', () => {
  it('reads sizes, rates and durations into numbers', async () => {
    const config = await read({
      snapshot: 'db/production.json',
      tables: {
        users: '48M rows, 31 GB',
        'billing."Invoice"': { rows: '1_000', size: '1 MB' },
        plans: { rows: 12, bytes: 8192 },
      },
      production: {
        hardware: {
          sortMicrosPerRow: 0.9,
          scanBytesPerSecond: '2 GB/s',
          walBytesPerSecond: 1e9,
          commitMs: 0.4,
        },
        replicaApplyRate: '60 MB/s',
      },
      sampling: { budget: 0 },
    })
    expect(config).toEqual({
      snapshot: 'db/production.json',
      tables: {
        users: { rows: 48_000_000, bytes: 31 * 1024 ** 3 },
        'billing."Invoice"': { rows: 1000, bytes: 1024 ** 2 },
        plans: { rows: 12, bytes: 8192 },
      },
      production: {
        hardware: {
          sortMicrosPerRow: 0.9,
          scanBytesPerSecond: 2 * 1024 ** 3,
          walBytesPerSecond: 1e9,
          commitMs: 0.4,
        },
        replicaApplyRate: 60 * 1024 ** 2,
      },
      sampling: { budget: 0 },
    })
  })

  it('fills thresholds up with the defaults', async () => {
    expect(thresholdsOf({})).toEqual(defaultThresholds)
    const config = await read({
      thresholds: { readsBlocked: { error: '5s' }, writesBlocked: {}, run: '10min' },
    })
    expect(thresholdsOf(config)).toEqual({
      ...defaultThresholds,
      readsBlocked: { warningMs: 100, errorMs: 5000 },
      runMs: 600_000,
    })
  })

  it('says what is wrong, and where', async () => {
    await expect(
      read({
        tables: {
          users: 'huge',
          'public.users': 'huge',
          plans: 3,
          orders: { rows: 'many', size: '3 elephants' },
          items: { rows: 3, bytes: 1, size: '1 kB' },
          carts: { row: 3 },
        },
        production: { hardware: { sortMicrosPerRow: 0 }, replicaApplyRate: '60 MB', hardwear: {} },
        thresholds: {
          readsBlocked: { warning: '5s' },
          writesBlocked: { warning: '5s', error: '1s' },
          run: 'long',
        },
        sampling: { budget: '2h' },
      }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: pgrehearse.config.yaml is not a valid configuration:
      ✖ Unrecognized key: "hardwear". Did you mean "hardware"?
        → at production
      ✖ Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not "huge"
        → at tables.users
      ✖ Expected a size such as "48_000_000 rows, 31 GB" or "168 rows", not "huge"
        → at tables["public.users"]
      ✖ Expected a size such as "48_000_000 rows, 31 GB", or an object with \`rows\` and \`size\`
        → at tables.plans
      ✖ Expected either \`bytes\` or \`size\`
        → at tables.items
      ✖ Unrecognized key: "row"
        → at tables.carts
      ✖ Expected a rate such as "60 MB/s", or bytes per second as a number
        → at production.replicaApplyRate
      ✖ The warning (5s) would begin later than the error (1s): give both
        → at thresholds.readsBlocked
      ✖ Expected a warning that begins before the error
        → at thresholds.writesBlocked
      ✖ Expected a duration such as "5s", "500ms", "1min", or milliseconds as a whole number
        → at thresholds.run
      ✖ Expected at most an hour
        → at sampling.budget
      ✖ Expected a number of rows, for example 48000000 or "48M"
        → at tables.orders.rows
      ✖ Expected a size, for example "31 GB", or bytes as a whole number
        → at tables.orders.size
      ✖ Expected a number of rows, for example 48000000 or "48M"
        → at tables.carts.rows
      ✖ Expected microseconds per row, for example 0.92
        → at production.hardware.sortMicrosPerRow
      ✖ Missing: \`hardware\` needs the three speeds that \`pgrehearse calibrate\` measures
        → at production.hardware.scanBytesPerSecond
      ✖ Missing: \`hardware\` needs the three speeds that \`pgrehearse calibrate\` measures
        → at production.hardware.walBytesPerSecond]
    `)
  })

  it('refuses a table that is named twice, and what is no name', async () => {
    await expect(read({ tables: { users: '3 rows', 'public."users"': '4 rows', 'a b': '3 rows' } })).rejects
      .toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: pgrehearse.config.yaml is not a valid configuration:
      ✖ It is the same table as users
        → at tables["public.\\"users\\""]
      ✖ Expected the name of a table, for example users, billing.invoices or billing."Invoice"
        → at tables["a b"]]
    `)
  })
})
