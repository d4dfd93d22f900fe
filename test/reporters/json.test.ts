import { beforeAll, describe, expect, it } from 'vitest'
import { json } from '../../src/reporters/json.ts'
import { pricedCleanReport, pricedReport } from './sample-costs.ts'
import { onlyQueriesReport, queriesReport, quietQueriesReport } from './sample-queries.ts'
import { shapesOnly, type Json as ReadonlyJson } from './report-shapes.ts'
import { cleanReport, emptyReport, sampleReport } from './sample-report.ts'
import { schemaErrors } from './validate.ts'

const options = { color: false, width: 80 }
type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
let errors: (value: unknown) => readonly string[]

beforeAll(async () => {
  errors = await schemaErrors('schemas/report.schema.json')
})

/** Every object of a document, with its path. */
function objects(value: Json, path = ''): { path: string; object: { [key: string]: Json } }[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([key, part]) => objects(part, `${path}/${key}`))
  return Array.isArray(value) ? inner : [{ path, object: value }, ...inner]
}

/** One object of each shape: the same place, keys and kind. */
function shapes(document: Json): { path: string; object: { [key: string]: Json } }[] {
  const seen = new Map<string, { path: string; object: { [key: string]: Json } }>()
  for (const each of objects(document)) {
    const { kind, type, by } = each.object
    seen.set(
      JSON.stringify([each.path.replaceAll(/\d+/g, '0'), Object.keys(each.object), kind, type, by]),
      each,
    )
  }
  return [...seen.values()]
}

const reports = [
  sampleReport,
  cleanReport,
  emptyReport,
  pricedReport,
  pricedCleanReport,
  queriesReport,
  onlyQueriesReport,
  quietQueriesReport,
]

describe('json', () => {
  it('is the report as it stands', () => {
    expect(JSON.parse(json(sampleReport, options))).toEqual(sampleReport)
  })

  it('validates against the published schema', () => {
    for (const report of reports) {
      expect(errors(JSON.parse(json(report, options)))).toEqual([])
    }
  })

  it('replaces lone surrogates, which strict readers refuse', () => {
    const report = { ...cleanReport, base: { description: 'a\ud800b\udc00 🐘' } }
    const text = json(report, options)
    expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text)
    expect(JSON.parse(text)).toMatchObject({ base: { description: 'a\ufffdb\ufffd 🐘' } })
  })
})

describe('the published schema', () => {
  it('knows every kind of effect and change that the model has', () => {
    const document = JSON.parse(json(queriesReport, options)) as Json
    const all = objects(document).map(({ object }) => object)
    expect(new Set(all.flatMap(({ kind, evidence }) => (evidence === undefined ? [] : [kind])))).toEqual(
      new Set([
        'break',
        'lock',
        'rewrite',
        'scan',
        'truncate',
        'write',
        'catalog',
        'wal',
        'temp',
        'notice',
        'error',
        undefined,
      ]),
    )
  })

  it('knows every effect on queries, change of a result and change of a plan that the model has', () => {
    const { list } = queriesReport.queries ?? { list: [] }
    const effects = list.flatMap((query) => query.effects)
    const kinds = effects.map(({ kind }) => kind)
    const changes = effects.flatMap((effect): readonly { readonly type: string }[] =>
      'changes' in effect ? effect.changes : [],
    )
    expect(new Set<string>([...kinds, ...changes.map(({ type }) => type)])).toEqual(
      new Set([
        ...['break', 'result change', 'cached plan', 'wait', 'plan change', 'table read'],
        ...['column added', 'column removed', 'column renamed', 'type changed'],
        ...['nullable now', 'never null now', 'order changed'],
        ...['new sequential scan', 'lost index', 'new sort', 'sort spills', 'hash spills', 'cost'],
      ]),
    )
  })

  it('refuses an unknown key in an object of every shape', () => {
    const document = smallReport()
    const accepted = shapes(document).flatMap(({ path, object }) => {
      object['surprise'] = 1
      const isValid = errors(document).length === 0
      delete object['surprise']
      return isValid ? [path] : []
    })
    expect(accepted).toEqual([])
    expect(errors(document)).toEqual([])
  })

  it('refuses a missing key, except the optional ones', () => {
    const document = smallReport()
    const optional = new Set<string>()
    for (const { object } of shapes(document)) {
      for (const [key, value] of Object.entries(object)) {
        delete object[key]
        if (errors(document).length === 0) optional.add(key)
        object[key] = value
      }
    }
    expect([...optional].toSorted()).toEqual(
      [
        'advice',
        'ageDays',
        'allowed',
        'buildMs',
        'bytes',
        'callsPerSecond',
        'cause',
        'commit',
        'connectionLimit',
        'cost',
        'deployment',
        'detail',
        'diskBytes',
        'durationMs',
        'file',
        'heldMs',
        'hint',
        'lagMs',
        'line',
        'ms',
        'name',
        'note',
        'notCheckable',
        'object',
        'position',
        'preflight',
        'production',
        'proof',
        'queries',
        'query',
        'queue',
        'remedy',
        'server',
        'serverVersion',
        'span',
        'statistics',
        'table',
        'takenAt',
        'tempBytes',
        'until',
        'wait',
        'walBytes',
        'when',
      ].toSorted(),
    )
  })

  it('refuses values of the wrong kind', () => {
    expect(errors({ ...sampleReport, schemaVersion: 2 })).not.toEqual([])
    expect(errors({ ...sampleReport, createdAt: 'yesterday' })).not.toEqual([])
    expect(errors(changed('/findings/0/span/start', (start) => (start['line'] = 0)))).not.toEqual([])
    expect(errors(changed('/findings/0', (finding) => (finding['severity'] = 'fatal')))).not.toEqual([])
  })
})

/** A copy of the sample with one object changed. */
function changed(path: string, change: (object: { [key: string]: Json }) => unknown): Json {
  const copy = JSON.parse(json(queriesReport, options)) as Json
  const found = objects(copy).find((each) => each.path === path)
  if (found === undefined) throw new Error(`no object at ${path}`)
  change(found.object)
  return copy
}

/** The sample with one of each shape. */
function smallReport(): Json {
  return shapesOnly(JSON.parse(json(queriesReport, options)) as ReadonlyJson) as Json
}
