import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TransactionMode } from '../../src/core/model.ts'
import type { PostgresServer } from '../../src/postgres/provider.ts'
import { replay, type ReplayOutcome } from '../../src/replay/replay.ts'
import { loadParser, parseScript, type ParsedScript } from '../../src/sql/parse.ts'
import { layOutTransactions } from '../../src/sql/transactions.ts'
import { majors } from '../postgres/servers.ts'
import { script } from '../sql/scripts.ts'
import { words } from './laboratory.ts'
import { openMajor } from './servers.ts'

/** A script that its tool cuts at `-- cut`. */
function inParts(text: string, mode: TransactionMode): ParsedScript {
  let start = 0
  const parts = text.split('-- cut').map((piece) => {
    const part = { start, end: start + piece.length }
    start = part.end + '-- cut'.length
    return part
  })
  return parseScript({ ...script(text, mode), parts })
}

describe.each(majors)('a script that is sent in parts, on Postgres %i', (major) => {
  let server: PostgresServer
  beforeAll(async () => {
    await loadParser()
    server = await openMajor(major)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  function rehearse(text: string, before = 'create table t (a int, b int)'): Promise<ReplayOutcome> {
    return replay({
      server,
      history: layOutTransactions([inParts(before, 'simple query')], false),
      review: layOutTransactions([inParts(text, 'simple query')], false),
      sharesSession: false,
      settings: { TimeZone: 'UTC' },
      roles: [],
      statementTimeoutMs: 30_000,
      signal: new AbortController().signal,
      progress: () => undefined,
    })
  }

  const effectsOf = ({ migrations }: ReplayOutcome): readonly (readonly string[])[] =>
    (migrations[0]?.statements ?? []).map(({ effects }) => words(effects))

  it('commits each part by itself: a lock of one is no lock of the next', async () => {
    const outcome = await rehearse('alter table t add c int; select 1 -- cut\nselect count(*) from t')
    expect(outcome.migrations[0]?.outcome).toBe('rehearsed')
    const [first, second, third] = effectsOf(outcome)
    expect(first).toContain('lock t AccessExclusiveLock')
    expect(second).not.toContain('lock t AccessExclusiveLock')
    expect(third).toContain('lock t AccessShareLock')
  })

  it('runs CREATE INDEX CONCURRENTLY that is a part of its own, and refuses it beside others', async () => {
    const alone = await rehearse('select 1; select 2 -- cut\ncreate index concurrently on t (a)')
    expect(alone.migrations[0]?.outcome).toBe('rehearsed')
    const beside = await rehearse('select 1 -- cut\nselect 2; create index concurrently on t (a)')
    expect(beside.migrations[0]?.outcome).toBe('failed')
    expect(effectsOf(beside).at(-1)).toContain('error 25001')
  })

  it('keeps what earlier parts committed when a later one fails', async () => {
    const history = 'create table t (a int) -- cut\ncreate table gone (a int); select 1/0'
    const outcome = await rehearse('insert into t values (1)', history)
    expect(outcome.migrations[0]?.outcome).toBe('rehearsed')
    expect(outcome.limits.map(({ code }) => code)).toContain('history-step-failed')
  })
})
