import { beforeAll, describe, expect, test } from 'vitest'
import type { LockMode, Range, Severity } from '../../src/core/model.ts'
import type { Production, TableFacts } from '../../src/core/production.ts'
import { defaultThresholds } from '../../src/core/thresholds.ts'
import { defineRule, type ReportOptions, type Rule } from '../../src/rule.ts'
import { loadParser } from '../../src/sql/parse.ts'
import {
  about,
  cost,
  everyLock,
  failure,
  heldLock,
  judgeAll,
  lock,
  lockAdvice,
  predicted,
  table,
  type MadeFile,
} from './made.ts'

beforeAll(loadParser)

/** Reports all locks of a statement in one finding whose harm is the wait. */
function waiting(options: Partial<ReportOptions> = {}, severity: Severity = 'error'): Rule {
  return defineRule({
    id: 'avoid-waits',
    title: 'Avoid waits',
    severity,
    since: '0.1.0',
    harm: 'wait',
    messages: { waits: () => 'Somebody waits.' },
    statement({ effects, report }) {
      const locks = effects.filter(({ kind }) => kind === 'lock')
      if (locks.length > 0) report('waits', undefined, { on: 'orders', because: locks, ...options })
    },
  })
}

const working: Rule = defineRule({
  id: 'avoid-work',
  title: 'Avoid work',
  severity: 'warning',
  since: '0.1.0',
  harm: 'work',
  messages: { works: () => 'It works.' },
  statement({ effects, report }) {
    const writes = effects.filter(({ kind }) => kind === 'write')
    if (writes.length > 0) report('works', undefined, { on: 'orders', because: writes })
  },
})

function held(mode: LockMode, heldMs: Range, more: Partial<MadeFile> = {}): MadeFile {
  return { sql: 'lock orders', effects: [[heldLock('orders', mode, heldMs)]], ...more }
}

function production(more: Partial<Production> = {}): Production {
  return { sources: [], tables: [], settings: {}, ...more }
}

function facts(name: string, rates: TableFacts['rates']): TableFacts {
  return {
    schema: 'public',
    name,
    rows: 1000,
    from: 'snapshot',
    ...(rates === undefined ? {} : { rates }),
  }
}

/** `error`, `warning`, `info`, or `harmless: …`. */
function outcome(file: MadeFile, rule = waiting(), more: Parameters<typeof judgeAll>[2] = {}): string {
  const { findings, harmless } = judgeAll([file], [rule], more)
  expect(findings.length + harmless.length).toBe(1)
  return findings[0]?.severity ?? `harmless: ${harmless[0]?.harmless}`
}

describe('severity follows the wait', () => {
  const range = (low: number, expected: number, high: number): Range => ({ low, expected, high })

  test.each<[Range, string]>([
    [range(500, 1000, 2000), 'error'],
    [range(500, 999, 999), 'warning'],
    [range(50, 100, 999), 'warning'],
    [range(50, 99, 1000), 'warning'],
    [range(50, 99, 999), 'info'],
    [range(50, 99, 100), 'info'],
    [range(1, 3, 99), 'harmless: reads and writes wait 3 ms (at most 99 ms)'],
    [range(0.2, 0.3, 0.4), 'harmless: reads and writes wait under 1 ms'],
  ])('reads blocked %o: %s', (heldMs, expected) => {
    expect(outcome(held('AccessExclusiveLock', heldMs))).toBe(expected)
  })

  test.each<[Range, string]>([
    [range(5000, 10_000, 20_000), 'error'],
    [range(5000, 9999, 9999), 'warning'],
    [range(500, 1000, 2000), 'warning'],
    [range(500, 999, 10_000), 'warning'],
    [range(500, 999, 9999), 'info'],
    [range(100, 200, 999), 'harmless: writes wait 200 ms (at most 1 s)'],
  ])('writes blocked %o: %s', (heldMs, expected) => {
    expect(outcome(held('ShareLock', heldMs))).toBe(expected)
  })

  test('by the thresholds of the configuration', () => {
    const thresholds = { ...defaultThresholds, writesBlocked: { warningMs: 5, errorMs: 10 } }
    expect(outcome(held('ShareLock', about(10)), waiting(), { thresholds })).toBe('error')
  })

  test('says what waits, how long, and where', () => {
    const locks = [
      heldLock('orders', 'AccessExclusiveLock', about(200)),
      heldLock('users', 'AccessExclusiveLock', about(300)),
    ]
    const { findings } = judgeAll([{ sql: 'lock orders', effects: [locks] }], [waiting()])
    expect(findings[0]).toMatchObject({
      severity: 'warning',
      wait: { blocks: 'reads and writes', ms: about(300), tables: ['public.orders', 'public.users'] },
    })
  })

  test('weighs writes apart where reads hardly wait', () => {
    const locks = [
      heldLock('orders', 'AccessExclusiveLock', about(3)),
      heldLock('users', 'ShareLock', about(12_000)),
    ]
    const { findings } = judgeAll([{ sql: 'lock orders', effects: [locks] }], [waiting()])
    expect(findings[0]).toMatchObject({ severity: 'error', wait: { blocks: 'writes', ms: about(12_000) } })
    const brief = [
      locks[0] ?? heldLock('x', 'ShareLock', about(1)),
      heldLock('users', 'ShareLock', about(40)),
    ]
    expect(outcome({ sql: 'lock orders', effects: [brief] })).toBe(
      'harmless: reads and writes wait 3 ms (at most 6 ms), writes wait 40 ms (at most 80 ms)',
    )
  })

  test('an index that is locked exclusively keeps the readers of its table waiting', () => {
    const index = { ...table('orders_idx'), kind: 'index' as const, table: 'public.orders' }
    const onIndex = { ...heldLock('orders_idx', 'AccessExclusiveLock', about(2000)), relation: index }
    const effects = [[heldLock('orders', 'ShareLock', about(2000)), onIndex]]
    expect(outcome({ sql: 'reindex index orders_idx', effects })).toBe('error')
    const { heldMs: _, ...untimed } = onIndex
    expect(
      outcome({ sql: 'reindex index i', effects: [[heldLock('orders', 'ShareLock', about(2000)), untimed]] }),
    ).toBe('error')
  })

  test('not that of rules, messages and cases whose harm is another', () => {
    const file = held('AccessExclusiveLock', about(3))
    expect(outcome(file, everyLock)).toBe('warning')
    expect(outcome(file, waiting({ harm: 'other' }))).toBe('error')
    expect(judgeAll([file], [waiting({ harm: 'other' })]).findings[0]?.wait).toBeUndefined()
  })

  test('not of a statement that fails', () => {
    const effects = [[heldLock('orders', 'ShareLock', about(3)), failure('23502', 'null')]]
    const { harmless } = judgeAll([{ sql: 'lock orders', effects, measured: true }], [waiting()])
    expect(harmless).toEqual([])
  })
})

describe('severities that people chose', () => {
  test('the configured one stays, up and down', () => {
    const info = { severities: { 'avoid-waits': 'info' } } as const
    const error = { severities: { 'avoid-waits': 'error' } } as const
    expect(outcome(held('ShareLock', about(60_000)), waiting(), info)).toBe('info')
    expect(outcome(held('ShareLock', about(2000)), waiting(), error)).toBe('error')
  })

  test('but not of what is harmless', () => {
    const error = { severities: { 'avoid-waits': 'error' } } as const
    expect(outcome(held('ShareLock', about(3)), waiting(), error)).toMatch(/^harmless/)
  })

  test('that of a case in a rule is the most there can be', () => {
    const capped = waiting({ severity: 'warning' })
    expect(outcome(held('ShareLock', about(60_000)), capped)).toBe('warning')
    expect(outcome(held('ShareLock', { low: 1, expected: 900, high: 1100 }), capped)).toBe('info')
  })

  test('the default of a rule is none of these', () => {
    expect(outcome(held('ShareLock', about(60_000)), waiting({}, 'warning'))).toBe('error')
  })
})

describe('what is not known', () => {
  const unpriced = { sql: 'lock orders', effects: [[lock('orders')]] }

  test('changes nothing', () => {
    const [finding] = judgeAll([unpriced], [waiting()]).findings
    expect(finding).toMatchObject({ severity: 'error', notes: [] })
    expect(finding?.wait).toBeUndefined()
  })

  test('is said where other sizes are known', () => {
    const costs = [cost(undefined, { unknownTables: ['public.orders', 'billing.invoices'] })]
    const { findings } = judgeAll([{ ...unpriced, costs }], [waiting()], { production: production() })
    expect(findings).toMatchObject([
      {
        severity: 'error',
        notes: ['The size of orders and billing.invoices is not known: treated as large.'],
      },
    ])
  })

  test('also of statements that run later under the lock, not of earlier ones', () => {
    const files = (first: string[], last: string[]): MadeFile[] => [
      {
        sql: 'select 1; lock orders; select 2',
        effects: [[], [lock('orders')], []],
        costs: [
          cost(about(1), { unknownTables: first }),
          cost(about(1)),
          cost(undefined, { unknownTables: last }),
        ],
      },
    ]
    expect(judgeAll(files([], ['public.users']), [waiting()]).findings[0]?.notes).toHaveLength(1)
    expect(judgeAll(files(['public.users'], []), [waiting()]).findings[0]?.notes).toEqual([])
  })

  test('nothing is harmless while one window is not known', () => {
    const effects = [[heldLock('orders', 'ShareLock', about(3)), lock('users', 'ShareLock')]]
    expect(outcome({ sql: 'lock orders', effects })).toBe('error')
    const costs = [cost(about(3), { unknownTables: ['public.orders'] })]
    expect(outcome(held('ShareLock', about(3), { costs }))).toBe('error')
  })
})

describe('harmless', () => {
  const currencies = { table: 'public.currencies', rows: 168, bytes: 24 * 1024, from: 'snapshot' } as const

  test('is not what only sizes say about code', () => {
    const costs = [cost(about(3), { basis: { by: 'structure', why: 'this is a test' } })]
    expect(outcome(held('ShareLock', about(3), { costs }))).toMatch(/^harmless/)
    expect(outcome(held('ShareLock', about(3), { costs, sql: 'do $$ begin end $$' }))).toBe('info')
    const sampled = [cost(about(3))]
    expect(outcome(held('ShareLock', about(3), { costs: sampled, sql: 'do $$ begin end $$' }))).toMatch(
      /^harmless/,
    )
  })

  test('gives the sizes as the reason', () => {
    const costs = [cost(about(3), { tables: [currencies] })]
    expect(outcome(held('ShareLock', { low: 1, expected: 3, high: 9 }, { costs }))).toBe(
      'harmless: currencies has 168 rows (24 kB), so writes wait 3 ms (at most 9 ms)',
    )
  })

  test('of all that runs while the lock is held, largest first, not of what ran before', () => {
    const rates = { table: 'billing.rates', rows: 2000, from: 'configuration' } as const
    const huge = {
      table: 'public.events',
      rows: 48_000_000,
      bytes: 31 * 1024 ** 3,
      from: 'snapshot',
    } as const
    const { harmless } = judgeAll(
      [
        {
          sql: 'select 1; lock orders; select 2',
          effects: [[], [heldLock('orders', 'ShareLock', about(3))], []],
          costs: [
            cost(about(1), { tables: [huge] }),
            cost(about(1), { tables: [rates] }),
            cost(about(1), { tables: [currencies] }),
          ],
        },
      ],
      [waiting()],
    )
    expect(harmless[0]?.harmless).toBe(
      'currencies has 168 rows (24 kB) and billing.rates has 2,000 rows, so writes wait 3 ms (at most 6 ms)',
    )
  })

  test('keeps severity, fingerprint and order, and numbers with the others', () => {
    const file: MadeFile = {
      sql: 'lock orders; lock orders',
      effects: [
        [heldLock('orders', 'ShareLock', about(3))],
        [heldLock('orders', 'ShareLock', about(30_000))],
      ],
    }
    const priced = judgeAll([file], [waiting({}, 'warning')])
    const unpriced = judgeAll(
      [{ ...file, effects: [[lock('orders', 'ShareLock')], [lock('orders', 'ShareLock')]] }],
      [waiting({}, 'warning')],
    )
    expect(priced.harmless).toMatchObject([{ severity: 'warning', wait: { ms: about(3) } }])
    expect([...priced.harmless, ...priced.findings].map(({ fingerprint }) => fingerprint)).toEqual(
      unpriced.findings.map(({ fingerprint }) => fingerprint),
    )
    expect(unpriced.harmless).toEqual([])
  })

  test('needs no allow comment, and may have one', () => {
    const allowed = (comment: string, heldMs: Range): readonly string[] =>
      judgeAll(
        [held('ShareLock', heldMs, { sql: `-- pgrehearse-allow avoid-waits${comment}\nlock orders` })],
        [waiting()],
      ).findings.map(({ ruleId, allowed: by }) => `${ruleId}${by === undefined ? '' : ` (${by.reason})`}`)
    for (const comment of [': it is small', ' until 2020-01-31: it was small', ':'])
      expect(allowed(comment, about(3))).toEqual([])
    expect(allowed(': it is small', about(30_000))).toEqual(['avoid-waits (it is small)'])
    expect(allowed(' until 2020-01-31: it was small', about(30_000))).toEqual([
      'expired-allow',
      'avoid-waits',
    ])
  })

  test('tells nothing to secondary rules: they speak as if it were not there', () => {
    const rules = [waiting(), lockAdvice]
    const told = (heldMs: Range): readonly string[] =>
      judgeAll([held('ShareLock', heldMs)], rules).findings.map(
        ({ ruleId, severity }) => `${ruleId} ${severity}`,
      )
    expect(told(about(3))).toEqual(['prefer-no-locks info'])
    expect(told(about(30_000))).toEqual(['avoid-waits error'])
    expect(told({ low: 1, expected: 900, high: 1100 })).toEqual(['avoid-waits info'])
  })
})

describe('the queue', () => {
  const tables = [facts('orders', { reads: 90, writes: 10, from: 'statements' })]

  test('holds reads and writes, or writes alone', () => {
    const queue = (mode: LockMode): unknown =>
      judgeAll([held(mode, about(20_000))], [waiting()], {
        production: production({ tables, settings: { maxConnections: 100_000 } }),
      }).findings[0]?.wait?.queue
    expect(queue('AccessExclusiveLock')).toEqual({
      perSecond: 100,
      sessions: { low: 1000, expected: 2000, high: 4000 },
      connectionLimit: 100_000,
    })
    expect(queue('ShareLock')).toEqual({
      perSecond: 10,
      sessions: { low: 100, expected: 200, high: 400 },
      connectionLimit: 100_000,
    })
  })

  test('is summed over tables, but not over partitions', () => {
    const all = [...tables, facts('users', { reads: 0, writes: 5, from: 'statements' })]
    const perSecond = (kind: 'table' | 'partitioned table'): unknown => {
      const orders = heldLock('orders', 'ShareLock', about(20_000))
      const effects = [
        [
          { ...orders, relation: { ...orders.relation, kind } },
          heldLock('users', 'ShareLock', about(20_000)),
        ],
      ]
      return judgeAll([{ sql: 'lock orders', effects }], [waiting()], {
        production: production({ tables: all }),
      }).findings[0]?.wait?.queue?.perSecond
    }
    expect(perSecond('table')).toBe(15)
    expect(perSecond('partitioned table')).toBe(10)
  })

  test('that takes all connections is an outage, however short', () => {
    const severity = (maxConnections: number, from: 'statements' | 'scans and rows'): string => {
      const rates = { reads: 990, writes: 10, from } as const
      const settings = { maxConnections }
      return outcome(held('AccessExclusiveLock', about(40)), waiting(), {
        production: production({ tables: [facts('orders', rates)], settings }),
      }).replace(/:.*/, '')
    }
    expect(severity(100, 'statements')).toBe('harmless')
    expect(severity(80, 'statements')).toBe('warning')
    expect(severity(40, 'statements')).toBe('error')
    expect(severity(40, 'scans and rows')).toBe('harmless')
  })

  test('counted from scans and rows is at most that long, and says so', () => {
    const rates = { reads: 1, writes: 1, from: 'scans and rows' } as const
    const { findings } = judgeAll([held('ShareLock', about(20_000))], [waiting()], {
      production: production({ tables: [facts('orders', rates)] }),
    })
    expect(findings[0]?.notes.join('')).toContain('at most that many wait')
  })
})

describe('work', () => {
  const update: MadeFile = {
    sql: 'update orders set a = 1; select 1',
    effects: [
      [
        {
          kind: 'write',
          relation: table('orders'),
          command: 'UPDATE',
          reach: 'all rows',
          evidence: predicted,
        },
      ],
      [],
    ],
  }

  test('keeps rows locked until the commit', () => {
    const costs = [cost(about(6000)), cost(about(4000))]
    const { findings } = judgeAll([{ ...update, costs }], [working])
    expect(findings).toMatchObject([
      {
        severity: 'error',
        wait: { blocks: 'writes to the same rows', ms: about(10_000), tables: ['public.orders'] },
      },
    ])
  })

  test('until its own end where each statement commits', () => {
    const costs = [cost(about(6000)), cost(about(4000))]
    expect(outcome({ ...update, costs, mode: 'statement' }, working)).toBe('warning')
  })

  test('is not weighed where a later statement of the transaction takes nobody knows how long', () => {
    expect(outcome({ ...update, costs: [cost(about(3)), cost(undefined)] }, working)).toBe('warning')
    expect(outcome({ ...update, costs: [cost(about(3)), cost(about(1))] }, working)).toBe(
      'harmless: its rows stay locked for 4 ms (at most 8 ms)',
    )
  })
})
