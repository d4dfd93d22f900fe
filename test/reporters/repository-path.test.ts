import { describe, expect, it } from 'vitest'
import { codequality } from '../../src/reporters/codequality.ts'
import { github } from '../../src/reporters/github.ts'
import { json } from '../../src/reporters/json.ts'
import { junit } from '../../src/reporters/junit.ts'
import { rdjson } from '../../src/reporters/rdjson.ts'
import { repositoryPath } from '../../src/reporters/repository-path.ts'
import { sarif } from '../../src/reporters/sarif.ts'
import { terminal } from '../../src/reporters/terminal.ts'
import { sampleReport } from './sample-report.ts'
import { schemaErrors } from './validate.ts'
import { parseXml } from './xml.ts'
import type { Finding, Report } from '../../src/core/model.ts'

const options = { color: false, width: 80 }
const below: Report = { ...sampleReport, project: { prefix: 'services/shop/', commit: '1'.repeat(40) } }
const files = new Set(sampleReport.findings.map(({ span }) => span.file))
const expected = [...files].map((file) => `services/shop/${file}`)

/** Every value of the key, at any depth. */
function valuesOf(value: unknown, key: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    name === key && typeof inner === 'string' ? [inner] : valuesOf(inner, key),
  )
}

describe('repositoryPath', () => {
  const at = (prefix: string, file: string): string =>
    repositoryPath({ project: { prefix, commit: 'c' } }, file)

  it('puts the folder of the project before the file', () => {
    expect(at('services/shop/', 'db/V1__a.sql')).toBe('services/shop/db/V1__a.sql')
    expect(at('', 'db/V1__a.sql')).toBe('db/V1__a.sql')
    expect(repositoryPath({}, 'db/V1__a.sql')).toBe('db/V1__a.sql')
  })

  it('finds a file beside the project, and leaves one outside of the repository alone', () => {
    expect(at('services/shop/', '../other/a.sql')).toBe('services/other/a.sql')
    expect(at('services/', '../../elsewhere/a.sql')).toBe('../../elsewhere/a.sql')
  })

  it('writes no ./ in front, which GitLab would not find in the diff', () => {
    expect(repositoryPath({}, './a/b.sql')).toBe('a/b.sql')
  })
})

describe('files of a project below the top of the repository', () => {
  it('have their place in the repository in code quality', () => {
    const paths = valuesOf(JSON.parse(codequality(below, options)), 'path')
    expect(paths.length).toBeGreaterThan(0)
    for (const path of paths) expect(expected).toContain(path)
  })

  it('have it in SARIF, which stays valid', async () => {
    const report: unknown = JSON.parse(sarif(below, options))
    const errors = await schemaErrors('test/reporters/schemas/sarif.schema.json')
    expect(errors(report)).toEqual([])
    const uris = valuesOf(report, 'uri').filter((uri) => !uri.startsWith('https://'))
    expect(uris.length).toBeGreaterThanOrEqual(sampleReport.findings.length)
    for (const uri of uris) expect(uri).toMatch(/^services\/shop\//)
  })

  it('have it in rdjson', () => {
    const paths = valuesOf(JSON.parse(rdjson(below, options)), 'path')
    expect(paths.length).toBeGreaterThan(0)
    for (const path of paths) expect(expected).toContain(path)
  })

  it('have it in GitHub annotations', () => {
    const places = github(below, options)
      .split('\n')
      .flatMap((line) => /^::\w+ file=([^,]*),/.exec(line)?.[1] ?? [])
    expect(places.length).toBeGreaterThan(0)
    for (const place of places) expect(place).toMatch(/^services\/shop\//)
  })

  it('have it in JUnit, whose names stay as they are', () => {
    const suites = parseXml(junit(below, options)).children
    const cases = suites.flatMap(({ children }) => children)
    const named = cases.filter(({ attributes }) => files.has(attributes['classname'] ?? ''))
    expect(named.length).toBeGreaterThan(0)
    for (const { attributes } of named)
      expect(attributes['file']).toBe(`services/shop/${attributes['classname']}`)
  })

  it('stay relative to the project where people read', () => {
    expect(terminal(below, options)).toBe(terminal(sampleReport, options))
    expect(valuesOf(JSON.parse(json(below, options)), 'file')).toEqual(
      valuesOf(JSON.parse(json(sampleReport, options)), 'file'),
    )
  })
})

describe('a suggestion that a replay has proven', () => {
  const suggestion = { startLine: 2, endLine: 3, lines: ['CREATE INDEX CONCURRENTLY i', '  ON t (a);'] }
  const findings = sampleReport.findings.slice(0, 1).map((finding): Finding => ({ ...finding, suggestion }))
  const report: Report = { ...below, findings }

  it('replaces whole lines in rdjson', async () => {
    const { diagnostics } = JSON.parse(rdjson(report, options)) as { diagnostics: readonly object[] }
    expect(diagnostics).toMatchObject([
      {
        suggestions: [
          {
            range: { start: { line: 2 }, end: { line: 3 } },
            text: 'CREATE INDEX CONCURRENTLY i\n  ON t (a);',
          },
        ],
      },
    ])
    const errors = await schemaErrors('test/reporters/schemas/rdjson.schema.json')
    expect(errors({ ...(JSON.parse(rdjson(report, options)) as object) })).toEqual([])
  })

  it('is a fix in SARIF, which stays valid', async () => {
    const log: unknown = JSON.parse(sarif(report, options))
    const errors = await schemaErrors('test/reporters/schemas/sarif.schema.json')
    expect(errors(log)).toEqual([])
    expect(log).toMatchObject({
      runs: [
        {
          results: [
            {
              fixes: [
                {
                  artifactChanges: [
                    {
                      artifactLocation: { uri: expect.stringMatching(/^services\/shop\//) },
                      replacements: [{ deletedRegion: { startLine: 2, endLine: 3 } }],
                    },
                  ],
                },
              ],
            },
          ],
        },
      ],
    })
  })

  it('is in the JSON report', () => {
    expect(JSON.parse(json(report, options))).toMatchObject({ findings: [{ suggestion }] })
  })
})
