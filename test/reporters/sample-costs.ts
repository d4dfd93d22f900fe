import { concurrent, failing, hostileMigration, hostileName, loyalty, status } from './sample-migrations.ts'
import { finding as makeFinding } from './sample-parts.ts'
import { sampleReport } from './sample-report.ts'
import type {
  EvidencedEffect,
  Finding,
  HarmlessFinding,
  Range,
  Report,
  ReportMigration,
  StatementCost,
  Wait,
} from '../../src/core/model.ts'

const mega = 1024 ** 2
const giga = 1024 ** 3

export function range(low: number, expected: number, high: number): Range {
  return { low, expected, high }
}

function cost(more: Partial<StatementCost> & Pick<StatementCost, 'growth' | 'basis'>): StatementCost {
  return { tables: [], unknownTables: [], notes: [], ...more }
}

const orders = { table: 'public.orders', rows: 48_000_000, bytes: 31 * giga, from: 'snapshot' } as const
const customers = { table: 'public.customers', rows: 2_100_000, from: 'configuration' } as const

const catalogue = cost({
  growth: 'metadata only',
  basis: { by: 'rehearsal' },
  durationMs: range(0.6, 2.4, 8),
})

/** An index on a large table: samples, spilling to disk. */
export const indexCost = cost({
  growth: 'grows with the table',
  basis: { by: 'samples', rows: [30_000, 100_000], server: '18.4' },
  durationMs: range(80_000, 130_000, 210_000),
  walBytes: range(1000 * mega, 1030 * mega, 1060 * mega),
  tempBytes: range(1.1 * giga, 1.2 * giga, 1.3 * giga),
  diskBytes: range(2.1 * giga, 2.2 * giga, 2.4 * giga),
  tables: [orders],
  notes: ['Sorting spills to disk from 3,500,000 rows on (maintenance_work_mem 256 MB).'],
})

const rewriteCost = cost({
  growth: 'grows with the table',
  basis: { by: 'structure', why: 'no rows could be made that satisfy orders_total_check' },
  durationMs: range(240_000, 600_000, 1_500_000),
  walBytes: range(20 * giga, 33 * giga, 50 * giga),
  diskBytes: range(31 * giga, 38 * giga, 45 * giga),
  tables: [orders],
})

const backfillCost = cost({
  growth: 'grows with the table',
  basis: { by: 'samples', rows: [30_000], server: '18.4' },
  durationMs: range(9_000, 14_000, 22_000),
  walBytes: range(500 * mega, 600 * mega, 900 * mega),
  tables: [customers],
})

const concurrentCost = cost({
  growth: 'grows with the table',
  basis: { by: 'samples', rows: [30_000, 100_000], server: '18.4' },
  durationMs: range(180_000, 260_000, 420_000),
  tables: [orders],
})

const unknownCost = cost({
  growth: 'unknown',
  basis: { by: 'nothing', why: `${hostileName} is not known to the snapshot` },
  unknownTables: [`public.${hostileName}`, 'audit.events'],
  notes: ['/merge @all'],
})

const waits = {
  'require-lock-timeout': { blocks: 'reads and writes', ms: range(0.6, 2.4, 8), tables: ['public.orders'] },
  'require-concurrent-index': {
    blocks: 'writes',
    ms: range(80_000, 130_000, 210_000),
    tables: ['public.orders'],
    queue: { perSecond: 120, sessions: range(9600, 15_600, 25_200), connectionLimit: 500 },
  },
  'avoid-table-rewrite': {
    blocks: 'reads and writes',
    ms: range(240_000, 600_000, 1_500_000),
    tables: ['public.orders'],
    queue: { perSecond: 1340, sessions: range(321_600, 804_000, 2_010_000) },
  },
  'avoid-several-locks': {
    blocks: 'reads and writes',
    ms: range(9_003, 14_010, 22_040),
    tables: ['public.customers', 'billing.invoices'],
  },
  'avoid-slow-work-under-lock': {
    blocks: 'reads and writes',
    ms: range(9_003, 14_010, 22_040),
    tables: ['public.customers'],
  },
} satisfies Readonly<Record<string, Wait>>

/** Costs of the statements of each file, in order; the last one is that of all that follow. */
const costs = new Map<ReportMigration, readonly StatementCost[]>([
  [status, [catalogue, catalogue, indexCost, rewriteCost]],
  [loyalty, [catalogue, catalogue, backfillCost, catalogue, catalogue]],
  [concurrent, [concurrentCost]],
  [hostileMigration, [unknownCost]],
  [failing, [catalogue]],
])

function pricedMigration(migration: ReportMigration): ReportMigration {
  const own = costs.get(migration) ?? [catalogue]
  const isTogether = migration === loyalty
  return {
    ...migration,
    statements: migration.statements.map((statement, index) => {
      const each = own[Math.min(index, own.length - 1)] ?? catalogue
      const held = isTogether ? waits['avoid-several-locks'].ms : each.durationMs
      return { ...statement, cost: each, effects: statement.effects.map((effect) => heldFor(effect, held)) }
    }),
  }
}

function heldFor(effect: EvidencedEffect, heldMs: Range | undefined): EvidencedEffect {
  return effect.kind === 'lock' && heldMs !== undefined ? { ...effect, heldMs } : effect
}

function pricedFinding(finding: Finding): Finding {
  const wait: Wait | undefined =
    finding.allowed === undefined ? (waits as Partial<Record<string, Wait>>)[finding.ruleId] : undefined
  if (wait === undefined || finding.messageId === 'hostile') return finding
  return { ...finding, wait, because: finding.because.map((effect) => heldFor(effect, wait.ms)) }
}

const clean = sampleReport.migrations.at(-1) ?? status

const harmless: HarmlessFinding = {
  ...makeFinding(
    { file: clean.file, text: clean.text, piece: clean.text.split('\n')[0] ?? '' },
    {
      ruleId: 'avoid-table-rewrite',
      messageId: 'columnType',
      severity: 'error',
      message:
        'Changing the type of currencies.code rewrites the table while all its readers and writers wait.',
      object: 'public.currencies',
      evidence: 'measured',
      because: [],
      wait: { blocks: 'reads and writes', ms: range(1, 3, 9), tables: ['public.currencies'] },
    },
  ),
  harmless: 'currencies has 168 rows (24 kB), so reads and writes wait 3 ms (at most 9 ms)',
}

/** The sample with everything that production's sizes add: costs of every basis, waits, queues, a harmless finding. */
export const pricedReport: Report = {
  ...sampleReport,
  migrations: sampleReport.migrations.map(pricedMigration),
  findings: sampleReport.findings.map(pricedFinding),
  harmless: [harmless, { ...harmless, fingerprint: `${harmless.fingerprint}-2`, harmless: hostileName }],
  production: {
    sources: [
      {
        kind: 'snapshot',
        name: 'db/production-snapshot.json',
        takenAt: '2026-11-14T04:00:00.000Z',
        ageDays: 7,
      },
      { kind: 'statistics dump', name: hostileName, takenAt: '2026-09-01T04:00:00.000Z', ageDays: 81 },
      { kind: 'configuration', name: 'configuration' },
    ],
    serverVersion: '16.3',
    hardware: 'this machine',
    run: {
      durationMs: range(509_000, 1_004_000, 2_152_000),
      walBytes: range(21 * giga, 34 * giga, 52 * giga),
      diskBytes: range(31 * giga, 38 * giga, 45 * giga),
      lagMs: range(60_000, 100_000, 300_000),
      unknown: 2,
    },
  },
}

/** Nothing found in it, and costs are known. */
export const pricedCleanReport: Report = {
  ...pricedReport,
  migrations: pricedReport.migrations.slice(-1),
  findings: [],
  harmless: [],
  notChecked: [],
  exitCode: 0,
  production: {
    sources: [
      { kind: 'snapshot', name: 'production-snapshot.json', takenAt: '2026-11-21T04:00:00.000Z', ageDays: 0 },
    ],
    hardware: 'production',
    run: { durationMs: range(1.2, 4.8, 16), walBytes: range(0, 0, 0), diskBytes: range(0, 0, 0), unknown: 0 },
  },
}
