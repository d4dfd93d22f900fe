import { beforeAll, describe, expect, test } from 'vitest'
import { parseBaseline, renderBaseline } from '../../src/config/baseline-file.ts'
import type { Baseline, BaselineEntry } from '../../src/core/baseline.ts'
import type { Finding } from '../../src/core/model.ts'
import { isBaselineable, updateBaseline, type UpdatedBaseline } from '../../src/judge/baseline.ts'
import type { JudgeInput } from '../../src/judge/judge.ts'
import { sourceProblem } from '../../src/judge/reserved.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { everyLock, judgeFiles, lines, lock, measured, type MadeFile } from './made.ts'

beforeAll(loadParser)

const acceptance = { reason: 'ten rows', author: 'Jo', date: '2026-11-21', run: 'review' } as const

/** A file whose every statement locks orders. */
function locking(file: string, statements: number, text = 'lock orders'): MadeFile {
  return {
    file,
    sql: Array.from({ length: statements }, () => text).join(';\n'),
    effects: Array.from({ length: statements }, () => [lock('orders', 'AccessExclusiveLock', measured)]),
    measured: true,
  }
}

function found(files: readonly MadeFile[], more: Partial<JudgeInput> = {}): readonly Finding[] {
  return judgeFiles(files, [everyLock], more)
}

function update(findings: readonly Finding[], baseline?: Baseline, prune = false): UpdatedBaseline {
  return updateBaseline({ findings, baseline, acceptance, prune })
}

async function written(entries: readonly BaselineEntry[]): Promise<Baseline> {
  const text = await renderBaseline(entries)
  return { file: 'b.yaml', entries: await parseBaseline(new TextEncoder().encode(text), 'b.yaml') }
}

/** The baseline that accepts what these files have. */
async function baselineOf(files: readonly MadeFile[]): Promise<Baseline> {
  return written(update(found(files)).entries)
}

function shown(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ ruleId, span, allowed }) => {
    const by = allowed === undefined ? '' : ` (${allowed.reason}, ${allowed.author}, ${allowed.baseline})`
    return `${ruleId} ${span.file}:${span.start.line}${by}`
  })
}

describe('findings that the baseline lists', () => {
  test('are accepted with reason and author, wherever their statement stands now', async () => {
    const baseline = await baselineOf([locking('a.sql', 1)])
    const moved = locking('a.sql', 1, '-- a comment\n\nLOCK  orders')
    expect(shown(found([moved], { baseline }))).toEqual(['ban-locks a.sql:3 (ten rows, Jo, b.yaml)'])
  })

  test('a second equal one is new, in the same file and in another', async () => {
    const baseline = await baselineOf([locking('b.sql', 1)])
    expect(shown(found([locking('a.sql', 1), locking('b.sql', 2)], { baseline }))).toEqual([
      'ban-locks a.sql:1',
      'ban-locks b.sql:1 (ten rows, Jo, b.yaml)',
      'ban-locks b.sql:2',
    ])
  })

  test('are known by their file, whatever other files the run judges', async () => {
    const baseline = await baselineOf([locking('a.sql', 2), locking('b.sql', 1)])
    expect(baseline.entries.map(({ file, fingerprint }) => `${file} ${fingerprint.slice(20)}`)).toEqual([
      'a.sql ',
      'a.sql -2',
      'b.sql ',
    ])
    expect(shown(found([locking('b.sql', 1)], { baseline }))).toEqual([
      'ban-locks b.sql:1 (ten rows, Jo, b.yaml)',
    ])
  })

  test('a changed statement is not among them', async () => {
    const baseline = await baselineOf([locking('a.sql', 1)])
    const edited = locking('a.sql', 1, 'lock only orders')
    expect(shown(found([edited], { baseline }))).toEqual([
      'needless-baseline-entry b.yaml:5',
      'ban-locks a.sql:1',
    ])
  })

  test('an allow comment stands closer', async () => {
    const baseline = await baselineOf([locking('a.sql', 1)])
    const commented = locking('a.sql', 1, '-- pgrehearse-allow ban-locks: said here\nlock orders')
    const [finding, ...others] = found([commented], { baseline })
    expect(finding?.allowed).toEqual({ reason: 'said here' })
    expect(others).toEqual([])
  })

  test('findings about allow comments and about changes cannot be accepted', () => {
    const ids = ['malformed-allow', 'allow-without-reason', 'edited-migration', 'needless-baseline-entry']
    expect([...ids, 'branches-collide'].filter(isBaselineable)).toEqual([])
    const { entries, refused } = update(
      found([locking('a.sql', 1, '-- pgrehearse-allow ban-locks\nlock orders')]),
    )
    expect(entries.map(({ rule }) => rule)).toEqual(['ban-locks'])
    expect(refused.map(({ ruleId }) => ruleId)).toEqual(['allow-without-reason'])
  })

  test('what trials find of a migration can be accepted', () => {
    const ids = ['down-blocks-up', 'down-fails', 'down-leaves-differences', 'silent-change', 'unsafe-retry']
    expect(ids.filter(isBaselineable)).toEqual(ids)
  })

  test('a problem of files is the same only in the same words', async () => {
    const problem = (message: string): Finding =>
      sourceProblem({ code: 'duplicate-version', file: 'a.sql', message })
    const { entries } = update([problem('a.sql and b.sql are both 1.')])
    const baseline = await written(entries)
    const allowedOf = (message: string): unknown =>
      found([], { baseline, aboutFiles: [problem(message)] })[0]?.allowed
    expect(allowedOf('a.sql and b.sql are both 1.')).toBeDefined()
    expect(allowedOf('a.sql, b.sql and c.sql are all 1.')).toBeUndefined()
  })
})

describe('entries that no longer match', () => {
  const gone: readonly MadeFile[] = [{ ...locking('a.sql', 1), effects: [[]] }]

  test('are findings at their line, when the run looked at their file', async () => {
    const baseline = await baselineOf([locking('a.sql', 1)])
    expect(lines(found(gone, { baseline }))).toEqual([
      'needless-baseline-entry 5 The baseline accepts a finding of ban-locks about orders in a.sql that is no longer there.',
    ])
  })

  test.each<[string, Partial<JudgeInput>, readonly MadeFile[]]>([
    ['of another file', {}, [locking('b.sql', 0)]],
    ['of another kind of run', { onEmptyDatabase: true }, gone],
    ['of a rule that is off', { severities: { 'ban-locks': 'off' } }, gone],
    ['of a file that was not replayed', {}, gone.map((file) => ({ ...file, measured: false }))],
  ])('say nothing when they are %s', async (_, more, files) => {
    const baseline = await baselineOf([locking('a.sql', 1)])
    expect(shown(found(files, { ...more, baseline }))).toEqual([])
  })

  test('say nothing when the branch has removed them already', async () => {
    const baseline = await baselineOf([locking('a.sql', 1)])
    const removed = new Set(baseline.entries.map(({ fingerprint, file }) => `${fingerprint}\0${file}`))
    expect(found(gone, { baseline: { ...baseline, removed } })).toEqual([])
  })

  test('are told when their file is gone and everything is judged', async () => {
    const { file, entries } = await baselineOf([locking('a.sql', 1)])
    const baseline = { file, entries: entries.map((entry) => ({ ...entry, gone: true })) }
    expect(shown(found([], { baseline, onEmptyDatabase: true }))).toEqual([
      'needless-baseline-entry b.yaml:5',
    ])
    expect(found([], { baseline })).toEqual([])
  })
})

describe('writing it again', () => {
  test('keeps what people said, and what the run did not look at', async () => {
    const old = await baselineOf([locking('a.sql', 1), locking('z.sql', 1)])
    const files = [locking('a.sql', 2)]
    const later = { ...acceptance, reason: 'another reason', author: 'Al', date: '2027-01-01' }
    const findings = found(files, { baseline: old })
    const { entries, added, dropped } = updateBaseline({
      findings,
      baseline: old,
      acceptance: later,
      prune: true,
    })
    expect(entries.map(({ file, reason, author }) => [file, reason, author])).toEqual([
      ['a.sql', 'ten rows', 'Jo'],
      ['a.sql', 'another reason', 'Al'],
      ['z.sql', 'ten rows', 'Jo'],
    ])
    expect([added, dropped]).toEqual([1, 0])
  })

  test('drops what no longer matches only when asked', async () => {
    const old = await baselineOf([locking('a.sql', 1)])
    const findings = found([{ ...locking('a.sql', 1), effects: [[]] }], { baseline: old })
    expect(update(findings, old)).toMatchObject({ needless: 1, dropped: 0, entries: { length: 1 } })
    expect(update(findings, old, true)).toMatchObject({ needless: 0, dropped: 1, entries: [] })
  })

  test('gives the same text for the same findings', async () => {
    const files = [locking('a.sql', 2), locking('b.sql', 1)]
    const once = await renderBaseline(update(found(files)).entries)
    const baseline = await baselineOf(files)
    expect(await renderBaseline(update(found(files, { baseline }), baseline).entries)).toBe(once)
    expect(once).toMatchInlineSnapshot(`
      "# Findings that are accepted, each with its reason. \`pgrehearse baseline\` writes this file: review it as you would
      # code, and change reasons by hand. An entry counts for its file and its statement, wherever that stands in the file.
      version: 1
      findings:
        - file: a.sql
          rule: ban-locks
          object: orders
          message: orders is locked.
          reason: ten rows
          author: Jo
          date: 2026-11-21
          run: review
          fingerprint: bcb0dd1dc3a4d3f11709
        - file: a.sql
          rule: ban-locks
          object: orders
          message: orders is locked.
          reason: ten rows
          author: Jo
          date: 2026-11-21
          run: review
          fingerprint: bcb0dd1dc3a4d3f11709-2
        - file: b.sql
          rule: ban-locks
          object: orders
          message: orders is locked.
          reason: ten rows
          author: Jo
          date: 2026-11-21
          run: review
          fingerprint: bcb0dd1dc3a4d3f11709
      "
    `)
  })
})

describe('a baseline that cannot be read', () => {
  const entry = 'file: a.sql, rule: ban-locks, message: m, reason: r, run: all'
  const fine = `{ ${entry}, fingerprint: 0123456789abcdef0123 }`

  test.each([
    ['version: 1\nfindings: [\n', 'b.yaml:3:1 is not valid YAML'],
    ['', 'b.yaml:1:1: the baseline cannot be read: Invalid input'],
    ['version: 2\nfindings: []', 'b.yaml:1:10: the baseline cannot be read: Expected 1: another version'],
    [
      `version: 1\nfindings:\n  - { ${entry}, fingerprint: x }`,
      'b.yaml:3:83: the baseline cannot be read: Expected a fingerprint',
    ],
    ['version: 1\nfindings:\n  - { reason: "" }', 'b.yaml:3:'],
    [
      `version: 1\nfindings:\n  - ${fine}\n  - ${fine}`,
      'b.yaml:4:1: this entry of the baseline stands in line 3 already.',
    ],
  ])('%j is refused with its place', async (text, message) => {
    await expect(parseBaseline(new TextEncoder().encode(text), 'b.yaml')).rejects.toThrow(message)
  })

  test.each([
    ['an alias that names nothing', 'version: 1\nfindings: *gone\n'],
    [
      'aliases of aliases',
      `a0: &a0 [x]\n${Array.from({ length: 12 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}, *a${at}]\n`).join('')}`,
    ],
  ])('%s is a mistake of the file', async (_, text) => {
    const reading = parseBaseline(new TextEncoder().encode(text), 'b.yaml')
    await expect(reading).rejects.toThrow(/^b\.yaml is not valid YAML: /)
  })

  test('JSON is read as well', async () => {
    const text = JSON.stringify({
      version: 1,
      findings: [
        { file: 'a', rule: 'r', message: 'm', reason: 'r', run: 'all', fingerprint: '0'.repeat(20) },
      ],
    })
    expect(await parseBaseline(new TextEncoder().encode(text), 'b.json')).toHaveLength(1)
  })
})
