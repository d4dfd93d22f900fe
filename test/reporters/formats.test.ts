import { describe, expect, it } from 'vitest'
import { codequality } from '../../src/reporters/codequality.ts'
import { rdjson } from '../../src/reporters/rdjson.ts'
import { sarif } from '../../src/reporters/sarif.ts'
import { hostileMigration } from './sample-migrations.ts'
import { onlyQueriesReport, queriesReport } from './sample-queries.ts'
import { cleanReport, emptyReport, sampleReport } from './sample-report.ts'
import { schemaErrors } from './validate.ts'
import type { Report } from '../../src/core/model.ts'

const options = {
  color: false,
  width: 80,
  toolUrl: 'https://example.org/pgrehearse',
  ruleUrl: (id: string) => `https://example.org/rules/${id}`,
}
const reports: readonly Report[] = [sampleReport, cleanReport, emptyReport, queriesReport, onlyQueriesReport]
const open = sampleReport.findings.filter(({ allowed }) => allowed === undefined)

describe('codequality', () => {
  it('validates for every report and is an empty array when nothing is found', async () => {
    const errors = await schemaErrors('test/reporters/schemas/codequality.schema.json')
    for (const report of reports) expect(errors(JSON.parse(codequality(report, options)))).toEqual([])
    expect(codequality(cleanReport, options)).toBe('[]\n')
  })

  it('keeps the fingerprints of the findings and tells equal ones apart', () => {
    const entries = JSON.parse(codequality(sampleReport, options)) as { fingerprint: string }[]
    const fingerprints = entries.map(({ fingerprint }) => fingerprint)
    expect(new Set(fingerprints).size).toBe(open.length)
    expect(fingerprints.map((fingerprint) => fingerprint.replace(/-2$/, ''))).toEqual(
      open.map(({ fingerprint }) => fingerprint),
    )
  })

  it('leaves out what an allow comment accepts', () => {
    expect(codequality(sampleReport, options)).not.toContain('avoid-drop-column')
  })

  it('gives paths as the diff of GitLab has them', () => {
    const findings = open.slice(0, 1).map((each) => ({ ...each, span: { ...each.span, file: './a/b.sql' } }))
    expect(JSON.parse(codequality({ ...cleanReport, findings }, options))).toMatchObject([
      { location: { path: 'a/b.sql' } },
    ])
  })
})

describe('sarif', () => {
  it('validates for every report', async () => {
    const errors = await schemaErrors('test/reporters/schemas/sarif.schema.json')
    for (const report of reports) expect(errors(JSON.parse(sarif(report, options)))).toEqual([])
  })

  it('points every result to its rule', () => {
    const [run] = parseSarif(sampleReport).runs
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
  })

  it('keeps allowed findings, suppressed with their reason', () => {
    const suppressed = parseSarif(sampleReport).runs[0].results.filter(
      ({ suppressions }) => suppressions.length > 0,
    )
    expect(suppressed).toMatchObject([
      {
        ruleId: 'avoid-drop-column',
        suppressions: [{ justification: 'nothing has read it since release 41' }],
      },
    ])
  })

  it('says what was not checked as notifications', () => {
    const [run] = parseSarif(sampleReport).runs
    expect(run.invocations[0].toolExecutionNotifications.map(({ descriptor }) => descriptor.id)).toEqual([
      'not-rehearsed',
      'table-not-seeded',
    ])
  })

  it('encodes paths so that they come back whole', () => {
    const uris = parseSarif(sampleReport).runs[0].results.map(
      ({ locations }) => locations[0].physicalLocation.artifactLocation.uri,
    )
    expect(uris.map(decodeURIComponent)).toEqual(sampleReport.findings.map(({ span }) => span.file))
  })

  it('does not make links of what a name holds', () => {
    const { results } = parseSarif(sampleReport).runs[0]
    const hostile = results.find(({ message }) => message.text.includes('evil.example'))
    expect(hostile?.message.text).toContain('\\[click](http://evil.example)')
  })

  it('calls the run unsuccessful only when it could not do its work', () => {
    const successful = (exitCode: number) =>
      parseSarif({ ...sampleReport, exitCode }).runs[0].invocations[0].executionSuccessful
    expect([0, 1, 3].map(successful)).toEqual([true, true, false])
  })
})

describe('rdjson', () => {
  it('validates for every report', async () => {
    const errors = await schemaErrors('test/reporters/schemas/rdjson.schema.json')
    for (const report of reports) expect(errors(JSON.parse(rdjson(report, options)))).toEqual([])
  })

  it('counts columns in bytes of UTF-8', () => {
    const file = hostileMigration.file
    const { diagnostics } = JSON.parse(rdjson(sampleReport, options)) as {
      diagnostics: { location: { path: string; range: object } }[]
    }
    const hostile = diagnostics.find(({ location }) => location.path === file)
    // `/* 🐘 ünïcode */ `: 17 UTF-16 code units, 21 bytes.
    expect(hostile?.location.range).toMatchObject({ start: { line: 2, column: 22 } })
  })

  it('gives only lines where it does not have the text', () => {
    const { diagnostics } = JSON.parse(rdjson(sampleReport, options)) as {
      diagnostics: { location: { path: string; range: object } }[]
    }
    const edited = diagnostics.find(({ location }) => location.path.endsWith('_init.sql'))
    expect(edited?.location.range).toEqual({ start: { line: 1 }, end: { line: 1 } })
  })
})

interface SarifLog {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
      readonly invocations: readonly [
        {
          readonly executionSuccessful: boolean
          readonly toolExecutionNotifications: readonly { readonly descriptor: { readonly id: string } }[]
        },
      ]
      readonly results: readonly {
        readonly ruleId: string
        readonly ruleIndex: number
        readonly message: { readonly text: string }
        readonly suppressions: readonly object[]
        readonly locations: readonly [{ physicalLocation: { artifactLocation: { uri: string } } }]
      }[]
    },
  ]
}

function parseSarif(report: Report): SarifLog {
  return JSON.parse(sarif(report, options)) as SarifLog
}
