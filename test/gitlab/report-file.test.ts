import { readFile } from 'node:fs/promises'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { UsageError } from '../../src/core/errors.ts'
import type { Report } from '../../src/core/model.ts'
import { readReport, reportSizeLimit } from '../../src/gitlab/report-file.ts'
import { reportSchema } from '../../src/gitlab/report-schema.ts'
import { formatJson } from '../../src/reporters/json.ts'
import { hostileMigration } from '../reporters/sample-migrations.ts'
import { pricedCleanReport, pricedReport } from '../reporters/sample-costs.ts'
import {
  hostileFile,
  onlyQueriesReport,
  queriesReport,
  quietQueriesReport,
} from '../reporters/sample-queries.ts'
import { cleanReport, emptyReport } from '../reporters/sample-report.ts'
import { shapesOnly, type Json } from '../reporters/report-shapes.ts'
import { schemaErrors } from '../reporters/validate.ts'

const commit = '0123456789abcdef0123456789abcdef01234567'
const expected = { name: 'report.json', commit }
const limit = { code: 'a', message: 'b' }
const project = { prefix: 'services/shop/', commit }

/** The report, whose files with control characters in their names have plain names here. */
function withPlainNames(report: Report): Report {
  const text = JSON.stringify(report)
    .replaceAll(JSON.stringify(hostileMigration.file), '"migrations/hostile.sql"')
    .replaceAll(JSON.stringify(hostileFile.file), '"queries/hostile.sql"')
  return JSON.parse(text) as Report
}

const sampleReport = withPlainNames(pricedReport)
const sampleWithQueries = withPlainNames(queriesReport)

function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(formatJson(value))
}

function read(value: unknown): ReturnType<typeof readReport> {
  return readReport(bytesOf(value), expected)
}

function withDuration(ms: number): unknown {
  const durationMs = { low: 0, expected: ms, high: ms }
  return {
    ...emptyReport,
    production: { ...pricedReport.production, run: { ...pricedReport.production?.run, durationMs } },
  }
}

/** The message of the UsageError that reading ends with. */
function refusal(bytes: Uint8Array): string {
  try {
    readReport(bytes, expected)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'accepted'
}

describe('the fields of a report', () => {
  it('are those of the published schema, one by one', async () => {
    const published: unknown = JSON.parse(
      await readFile(new URL('../../schemas/report.schema.json', import.meta.url), 'utf8'),
    )
    const own = z.toJSONSchema(reportSchema, { io: 'input' })
    expect(canonical(own, own)).toEqual(canonical(published, published))
  })

  it('are those of the type that the program writes', () => {
    expectTypeOf<Report>().toExtend<DeepReadonly<z.input<typeof reportSchema>>>()
    expectTypeOf<z.output<typeof reportSchema>>().toExtend<Report>()
  })

  it(
    'are judged alike by both schemas when one is missing, added or of another kind',
    { timeout: 60_000 },
    async () => {
      const errors = await schemaErrors('schemas/report.schema.json')
      const changed = [...mutations(shapesOnly(asJson({ ...sampleWithQueries, project })))]
      expect(changed.length).toBeGreaterThan(500)
      const disagreeing = changed.filter(
        ({ value }) => (errors(value).length === 0) !== reportSchema.safeParse(value).success,
      )
      expect(disagreeing.map(({ what }) => what)).toEqual([])
    },
  )
})

describe('a report that pgrehearse wrote', () => {
  it.each([
    ['full', sampleReport],
    ['clean', cleanReport],
    ['clean, with costs', pricedCleanReport],
    ['without migrations', emptyReport],
    ['with queries', sampleWithQueries],
    ['with queries only', withPlainNames(onlyQueriesReport)],
    ['with queries that nothing happens to', quietQueriesReport],
  ])('is read whole: %s', (_, report) => {
    const received = read({ ...report, project: { prefix: '', commit } })
    expect(asJson(received.report)).toEqual(asJson({ ...report, project: { prefix: '', commit } }))
    expect(received.prefix).toBe('')
  })

  it('gets paths from the top of the repository, everywhere', () => {
    const { report, prefix } = read({ ...sampleWithQueries, project })
    const paths = [...filesIn(report)]
    expect(paths.length).toBeGreaterThan(100)
    expect(paths.filter((path) => !path.startsWith('services/shop/'))).toEqual([])
    expect(report.project).toEqual({ prefix: '', commit })
    expect(prefix).toBe('services/shop/')
  })

  it('may name a file beside the project', () => {
    const [first] = cleanReport.migrations
    const beside = { ...first, file: '../common/1.sql' }
    const { report } = read({ ...cleanReport, project, migrations: [beside] })
    expect(report.migrations[0]?.file).toBe('services/common/1.sql')
    expect(report.migrations[0]?.statements[0]?.span.file).toBe('services/common/1.sql')
  })
})

const listed = sampleWithQueries.queries?.list.find(({ verdict }) => verdict === 'broken')
const smallest = { id: '', name: '', style: 'sqlc', state: 'new', verdict: 'blocked', text: '', effects: [] }
const named = { id: 'a', name: 'b', style: 'sqlc', line: 1 }
const cause = { file: '../../x.sql', index: 0, span: sampleReport.findings[0]?.span }
const outside = {
  kind: 'break',
  when: 'old code on new schema',
  reason: 'other',
  sqlstate: 'x',
  message: 'y',
  evidence: 'measured',
  cause,
}

function times<T>(count: number, value: T): readonly T[] {
  return Array.from({ length: count }, () => value)
}

describe('a report that somebody tampered with', () => {
  it.each([
    ['nothing', ''],
    ['half of it', formatJson(sampleReport).slice(0, 500)],
    ['a list a million levels deep', '['.repeat(1_000_000)],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x7b])],
  ])('is refused when it is not JSON: %s', (_, content) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    expect(refusal(bytes)).toBe('report.json is not JSON.')
  })

  it('is refused when it is too large, without reading it', () => {
    expect(refusal(new Uint8Array(reportSizeLimit + 1))).toBe(
      'report.json is larger than 32 MB; such a report is not read.',
    )
  })

  it.each([
    ['null', null],
    ['a list', [sampleReport]],
    ['another version', { ...sampleReport, schemaVersion: 2 }],
    ['too many limits', { ...emptyReport, notChecked: Array.from({ length: 50_001 }, () => limit) }],
    ['a number that sums would make infinite', withDuration(1e300)],
    ['a long word', { ...emptyReport, base: { description: 'x'.repeat(10_001) } }],
  ])('is refused when it is something else: %s', (_, value) => {
    expect(refusal(bytesOf(value))).toContain('is not a report that this version reads.')
  })

  it('is refused when it brings a prototype along', () => {
    const text = JSON.stringify({ ...emptyReport, project }).replace('{', '{"__proto__":{"exitCode":0},')
    expect(refusal(new TextEncoder().encode(text))).toContain('__proto__')
    expect({}).not.toHaveProperty('exitCode')
  })

  it('is refused when it tells about queries only', () => {
    expect(refusal(bytesOf({ ...emptyReport, project, only: 'queries' }))).toContain(
      'tells about queries only',
    )
  })

  it('says which version wrote a report that it cannot read', () => {
    const newer = { ...emptyReport, tool: { name: 'pgrehearse', version: '9.1.0' }, novelty: true }
    expect(refusal(bytesOf(newer))).toContain('It says that pgrehearse "9.1.0" wrote it.')
  })

  it.each([
    ['no commit', undefined, 'does not say which commit it is about'],
    [
      'another commit',
      { prefix: '', commit: 'f'.repeat(40) },
      'is about commit ffffffffff, and this pipeline',
    ],
    ['a branch', { prefix: '', commit: 'main' }, 'is about a commit that is none: "main"'],
    ['an option', { prefix: '', commit: '--output=/etc/passwd' }, 'is about a commit that is none'],
    ['a part of the commit', { prefix: '', commit: commit.slice(0, 12) }, 'is about a commit that is none'],
  ])('is refused when it is about %s', (_, made, message) => {
    expect(refusal(bytesOf({ ...emptyReport, project: made }))).toContain(message)
  })

  it.each(['../', '/etc/', 'a/../../b/', 'a', 'a//', './', 'a\nb/', 'a\\b/', '.git/'])(
    'is refused when its project folder is %j',
    (prefix) => {
      expect(refusal(bytesOf({ ...emptyReport, project: { prefix, commit } }))).toContain(
        'names a project folder that is none',
      )
    },
  )

  it.each([
    '',
    '../../../etc/passwd',
    'a/../../../b.sql',
    'a\nb.sql',
    'a\u2028b.sql',
    '.git/config',
    'a\\b.sql',
  ])('is refused when a migration is called %j', (file) => {
    const migrations = [{ ...cleanReport.migrations[0], file }]
    expect(refusal(bytesOf({ ...cleanReport, project: { prefix: 'db/', commit }, migrations }))).toMatch(
      file === '' ? /accepted|names a file/ : /names a file that is not in the repository/,
    )
  })

  it('is refused when a finding is about a file outside of the repository', () => {
    const [finding] = sampleReport.findings
    const findings = [{ ...finding, span: { ...finding?.span, file: '../../x.sql' } }]
    expect(refusal(bytesOf({ ...sampleReport, project, findings }))).toBe('accepted')
    expect(refusal(bytesOf({ ...sampleReport, project: { prefix: '', commit }, findings }))).toContain(
      'names a file that is not in the repository: "../../x.sql"',
    )
  })

  it.each(['abc --> <b>', 'x y', '', 'a'.repeat(101), 'a\nb'])(
    'is refused when a fingerprint is %j: it becomes part of a hidden marker',
    (fingerprint) => {
      const findings = [{ ...sampleReport.findings[0], fingerprint }]
      expect(refusal(bytesOf({ ...sampleReport, project, findings }))).toContain('findings.0.fingerprint')
    },
  )

  it('has positions inside of the file, whatever it says', () => {
    const [finding] = sampleReport.findings
    const far = { line: 9_000_000, column: 1, offset: 90_000_000 }
    const { file = '', text = '' } =
      sampleReport.migrations.find((one) => one.file === finding?.span.file) ?? {}
    const findings = [{ ...finding, span: { file, start: far, end: { line: 1, column: 1, offset: 0 } } }]
    const { report } = read({ ...sampleReport, project: { prefix: '', commit }, findings })
    const inside = { line: text.split('\n').length, column: 1, offset: text.length }
    expect(report.findings[0]?.span).toEqual({ file, start: inside, end: inside })
  })

  it.each([
    ['a finding on a query', { query: { ...named, file: '../../x.sql' } }],
    ['a query under a finding', { queries: [{ ...named, what: 'waits', file: '../../x.sql' }] }],
  ])('is refused when %s is in a file outside of the repository', (_, more) => {
    const findings = [{ ...sampleReport.findings[0], ...more }]
    expect(refusal(bytesOf({ ...sampleReport, project: { prefix: '', commit }, findings }))).toContain(
      'names a file that is not in the repository: "../../x.sql"',
    )
  })

  it.each([
    ['a query', { list: [{ ...listed, file: '../x.sql', span: undefined }] }],
    ['the span of a query', { list: [{ ...listed, span: { ...listed?.span, file: 'a/../../b' } }] }],
    ['the cause of an effect', { list: [{ ...listed, effects: [outside] }] }],
    [
      'the end of an effect',
      { list: [{ ...listed, effects: [{ ...outside, cause: undefined, until: cause }] }] },
    ],
    [
      'the order of deployment',
      { deployment: { order: 'none', because: [{ ...named, what: 'fails', file: '..' }] } },
    ],
  ])('is refused when %s is in a file outside of the repository', (_, more) => {
    const queries = { ...sampleWithQueries.queries, ...more }
    expect(refusal(bytesOf({ ...sampleReport, project: { prefix: '', commit }, queries }))).toContain(
      'names a file that is not in the repository',
    )
  })

  it.each([
    [
      'too many queries under a finding',
      { findings: [{ ...sampleReport.findings[0], queries: times(10_001, { ...named, what: 'waits' }) }] },
    ],
    ['too many queries', { queries: { ...sampleWithQueries.queries, list: times(50_001, smallest) } }],
    [
      'too many effects',
      { queries: { ...sampleWithQueries.queries, list: [{ ...listed, effects: times(1001, outside) }] } },
    ],
    [
      'a name that is a text',
      { queries: { ...sampleWithQueries.queries, list: [{ ...listed, name: 'x'.repeat(10_001) }] } },
    ],
    [
      'a negative count',
      {
        queries: {
          ...sampleWithQueries.queries,
          counts: { ...sampleWithQueries.queries?.counts, broken: -1 },
        },
      },
    ],
    [
      'an infinite rate',
      { queries: { ...sampleWithQueries.queries, list: [{ ...listed, callsPerSecond: 1e300 }] } },
    ],
    [
      'a verdict of its own',
      { queries: { ...sampleWithQueries.queries, list: [{ ...listed, verdict: 'fine' }] } },
    ],
  ])('is refused when it has %s', (_, more) => {
    expect(refusal(bytesOf({ ...sampleReport, project, ...more }))).toContain(
      'is not a report that this version reads.',
    )
  })

  it('is refused when a range is not in order', () => {
    const run = pricedReport.production?.run
    const range = { low: 2, expected: 1, high: 3 }
    const production = { ...pricedReport.production, run: { ...run, durationMs: range } }
    expect(refusal(bytesOf({ ...sampleReport, project, production }))).toContain(
      'production.run.durationMs: Expected low ≤ expected ≤ high',
    )
    const summed = {
      ...production,
      run: { ...run, durationMs: { low: 0.1 + 0.2, expected: 0.3, high: 0.3 } },
    }
    expect(refusal(bytesOf({ ...sampleReport, project, production: summed }))).toBe('accepted')
  })

  it('calls nothing harmless that is a finding, and places what is harmless like a finding', () => {
    const [finding] = sampleReport.findings
    const [harmless] = sampleReport.harmless
    const both = [{ ...finding, harmless: 'it says so' }, harmless]
    const { report } = read({ ...sampleReport, project, harmless: both })
    expect(report.harmless.map(({ fingerprint }) => fingerprint)).toEqual([harmless?.fingerprint])
    expect(report.harmless[0]?.span.file).toBe(`services/shop/${harmless?.span.file}`)
  })

  it('names files with sizes from the top of the repository where they are in it', () => {
    const sources = ['db/snapshot.json', '../x.json', '/srv/snapshot.json', '../../../x.json'].map(
      (name) => ({
        kind: 'snapshot',
        name,
      }),
    )
    const { report } = read({ ...sampleReport, project, production: { ...sampleReport.production, sources } })
    expect(report.production?.sources.map(({ name }) => name)).toEqual([
      'services/shop/db/snapshot.json',
      'services/x.json',
      '/srv/snapshot.json',
      '../../../x.json',
    ])
  })

  it('loses a suggestion for lines that the file has not', () => {
    const [finding] = sampleReport.findings
    const suggested = (startLine: number, endLine: number): unknown => {
      const findings = [{ ...finding, suggestion: { startLine, endLine, lines: ['x'] } }]
      return read({ ...sampleReport, project, findings }).report.findings[0]?.suggestion
    }
    expect(suggested(1, 2)).toEqual({ startLine: 1, endLine: 2, lines: ['x'] })
    expect(suggested(2, 1)).toBeUndefined()
    expect(suggested(1, 5000)).toBeUndefined()
  })
})

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

function asJson(value: unknown): Json {
  return JSON.parse(formatJson(value)) as Json
}

/** All paths of files below a value of a report. */
function* filesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) {
    if (key === 'file' && typeof child === 'string') yield child
    else yield* filesIn(child)
  }
}

/** The value with one part of it missing, unknown or of another kind, for every part. */
function* mutations(
  value: Json,
  what = 'report',
): Generator<{ readonly value: Json; readonly what: string }> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.slice(0, 2).entries()) {
      for (const change of mutations(item, `${what}[${index}]`)) {
        yield { what: change.what, value: value.with(index, change.value) }
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    const record = value as { readonly [key: string]: Json }
    yield { what: `${what} + unknown`, value: { ...record, unknown: 1 } }
    for (const [key, child] of Object.entries(record)) {
      const { [key]: _, ...without } = record
      yield { what: `${what} - ${key}`, value: without }
      yield {
        what: `${what}.${key} of another kind`,
        value: { ...record, [key]: typeof child === 'boolean' ? 7 : true },
      }
      for (const change of mutations(child, `${what}.${key}`)) {
        yield { what: change.what, value: { ...record, [key]: change.value } }
      }
    }
  }
}

interface SchemaNode {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly minimum?: number
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
  readonly items?: unknown
  readonly anyOf?: readonly unknown[]
  readonly oneOf?: readonly unknown[]
}

/** A JSON schema with its references followed, alternatives sorted, and without descriptions, upper caps and patterns. */
function canonical(schema: unknown, root: unknown): unknown {
  const node = schema as SchemaNode
  if (node.$ref !== undefined) return canonical(follow(node.$ref, root), root)
  const types = Array.isArray(node.type) ? (node.type as readonly string[]) : undefined
  const options = node.oneOf ?? node.anyOf ?? types?.map((type) => ({ type }))
  if (options !== undefined) {
    const all = options.map((option) => canonical(option, root))
    return { oneOf: all.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) }
  }
  if (node.const !== undefined) return { enum: [String(node.const)] }
  if (node.enum !== undefined) return { enum: node.enum.map(String).sort((a, b) => a.localeCompare(b)) }
  if (node.properties !== undefined) {
    const properties = Object.entries(node.properties).map(([key, child]) => [key, canonical(child, root)])
    const closed = node.additionalProperties === false
    return {
      properties: Object.fromEntries(properties),
      required: [...(node.required ?? [])].sort((a, b) => a.localeCompare(b)),
      closed,
    }
  }
  if (node.items !== undefined) return { items: canonical(node.items, root) }
  const { type, format, minimum } = node
  return { type, ...(format === undefined ? {} : { format }), ...(minimum === undefined ? {} : { minimum }) }
}

function follow(reference: string, root: unknown): unknown {
  const steps = reference.replace(/^#\//, '').split('/')
  return steps.reduce((node, step) => (node as Readonly<Record<string, unknown>>)[step], root)
}
