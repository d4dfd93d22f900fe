import { beforeAll, describe, expect, test } from 'vitest'
import { defineRule, type Rule } from '../../src/rule.ts'
import { loadParser } from '../../src/sql/parse.ts'
import {
  everyLock,
  failure,
  judgeFiles,
  known,
  lines,
  lock,
  lockAdvice,
  measured,
  predicted,
  table,
} from './made.ts'

beforeAll(loadParser)

describe('findings', () => {
  test('carry message, object, receipt and the place of their statement', () => {
    const effect = lock('orders')
    const [finding] = judgeFiles([{ sql: '\n  lock orders;', effects: [[effect]] }], [everyLock])
    expect(finding).toMatchObject({
      ruleId: 'ban-locks',
      messageId: 'locks',
      severity: 'warning',
      message: 'orders is locked.',
      object: 'orders',
      evidence: 'predicted',
      because: [effect],
      span: { file: 'a.sql', start: { line: 2, column: 3 } },
    })
  })

  test('take the strongest evidence of their receipt', () => {
    const both: Rule = defineRule({
      id: 'ban-all',
      title: 'Ban all',
      severity: 'error',
      since: '0.1.0',
      messages: { all: () => 'All of it.' },
      transaction: ({ transaction, report }) =>
        report('all', undefined, { because: transaction.statements.flatMap(({ effects }) => effects) }),
    })
    const evidence = (
      ...effects: Parameters<typeof judgeFiles>[0][number]['effects'] & object
    ): string | undefined =>
      judgeFiles([{ sql: 'select 1; select 2; select 3', effects }], [both])[0]?.evidence
    expect(evidence([lock('a', 'ShareLock', predicted)])).toBe('predicted')
    expect(evidence([lock('a', 'ShareLock', predicted)], [lock('b', 'ShareLock', known)])).toBe('known')
    expect(evidence([lock('a', 'ShareLock', known)], [lock('b', 'ShareLock', measured)])).toBe('measured')
  })

  test('are sorted by migration, position and severity', () => {
    const files = [
      { file: 'b.sql', sql: 'lock one; lock two', effects: [[lock('one')], [lock('two')]] },
      { file: 'a.sql', sql: 'lock three', effects: [[lock('three')]] },
    ]
    const error: Rule = { ...everyLock, id: 'ban-again', severity: 'error' }
    expect(lines(judgeFiles(files, [everyLock, error]))).toEqual([
      'ban-again 1 one is locked.',
      'ban-locks 1 one is locked.',
      'ban-again 1 two is locked.',
      'ban-locks 1 two is locked.',
      'ban-again 1 three is locked.',
      'ban-locks 1 three is locked.',
    ])
  })

  test('have the configured severity, and none when the rule is off', () => {
    const files = [{ sql: 'lock orders', effects: [[lock('orders')]] }]
    expect(judgeFiles(files, [everyLock], { severities: { 'ban-locks': 'info' } })[0]?.severity).toBe('info')
    expect(judgeFiles(files, [everyLock], { severities: { 'ban-locks': 'off' } })).toEqual([])
  })

  test('must not give a reason that no statement has', () => {
    const inventive: Rule = {
      ...everyLock,
      statement: ({ report }) => report('locks', { name: 'x' }, { because: [lock('x')] }),
    }
    expect(() => judgeFiles([{ sql: 'select 1' }], [inventive])).toThrow(
      /ban-locks gives a reason that no statement/,
    )
  })

  test('must not use a message that the rule does not have', () => {
    const wrong: Rule = { ...everyLock, statement: ({ report }) => report('lokcs', {}, { because: [] }) }
    expect(() => judgeFiles([{ sql: 'select 1' }], [wrong])).toThrow(/reports lokcs/)
  })
})

describe('transactions', () => {
  const counting: Rule = defineRule({
    id: 'ban-transactions',
    title: 'Ban transactions',
    severity: 'info',
    since: '0.1.0',
    messages: { holds: ({ count }: { count: number }) => `${count} statements.` },
    transaction: ({ transaction, report }) =>
      report('holds', { count: transaction.statements.length }, { because: [] }),
  })

  test('hold what commits together', () => {
    const sql = 'select 1;\nselect 2;'
    expect(lines(judgeFiles([{ sql }], [counting]))).toEqual(['ban-transactions 2 2 statements.'])
    expect(lines(judgeFiles([{ sql, mode: 'statement' }], [counting]))).toEqual([
      'ban-transactions 1 1 statements.',
      'ban-transactions 2 1 statements.',
    ])
  })

  test('reach over files when the tool runs all of them in one', () => {
    const files = ['a.sql', 'b.sql'].map((file) => ({ file, sql: 'select 1', mode: 'run' as const }))
    const findings = judgeFiles(files, [counting])
    expect(lines(findings)).toEqual(['ban-transactions 1 2 statements.'])
    expect(findings[0]?.span.file).toBe('b.sql')
  })

  test('let a statement see everything before it in the run', () => {
    const looking: Rule = {
      ...counting,
      transaction: () => {},
      statement: ({ earlier, report }) => report('holds', { count: earlier.length }, { because: [] }),
    }
    const files = ['a.sql', 'b.sql'].map((file) => ({ file, sql: 'select 1; select 2' }))
    expect(judgeFiles(files, [looking]).map(({ message }) => message)).toEqual([
      '0 statements.',
      '1 statements.',
      '2 statements.',
      '3 statements.',
    ])
  })
})

describe('failing migrations', () => {
  test('are found where Postgres points to', () => {
    const sql = 'create view v as\nselect nonsense'
    const position = { line: 2, column: 8, offset: 24 }
    const effects = [
      [failure('42703', 'column "nonsense" does not exist', { position, hint: 'Look it up.' } as never)],
    ]
    const [finding] = judgeFiles([{ sql, effects }], [])
    expect(finding).toMatchObject({
      ruleId: 'migration-fails',
      severity: 'error',
      message: 'The migration fails here: column "nonsense" does not exist (SQLSTATE 42703).',
      evidence: 'measured',
      span: { start: position },
      notes: ['Postgres hints: Look it up.'],
    })
  })

  test('are not told twice when a rule explains the error', () => {
    const explaining: Rule = defineRule({
      id: 'ban-errors',
      title: 'Ban errors',
      severity: 'error',
      since: '0.1.0',
      messages: { why: () => 'This is why.' },
      statement: ({ effects, report }) =>
        report('why', undefined, { because: effects.filter(({ kind }) => kind === 'error') }),
    })
    const files = [{ sql: 'vacuum', effects: [[failure('25001', 'VACUUM cannot run')]] }]
    expect(lines(judgeFiles(files, [explaining]))).toEqual(['ban-errors 1 This is why.'])
    expect(judgeFiles(files, [])).toHaveLength(1)
  })
})

describe('secondary rules', () => {
  const files = [{ sql: 'lock a;\nlock b;\nlock c', effects: [[lock('a')], [lock('b')], [lock('c')]] }]
  const onlyA: Rule = {
    ...everyLock,
    statement: ({ effects, report }) => {
      const effect = effects[0]
      if (effect?.kind === 'lock' && effect.relation.name === 'a')
        report('locks', { name: 'a' }, { because: [effect] })
    },
  }

  test('speak once per migration', () => {
    const findings = judgeFiles(files, [lockAdvice])
    expect(lines(findings)).toEqual(['prefer-no-locks 1 Think about a.'])
    expect(findings[0]?.notes).toEqual(['2 more statements do the same.'])
  })

  test('leave to others what others tell', () => {
    expect(lines(judgeFiles(files, [lockAdvice, onlyA]))).toEqual([
      'ban-locks 1 a is locked.',
      'prefer-no-locks 2 Think about b.',
    ])
    expect(lines(judgeFiles(files, [lockAdvice, everyLock]))).not.toContain(
      'prefer-no-locks 1 Think about a.',
    )
  })

  test('speak up when the other finding is accepted', () => {
    const accepted = [
      { ...files[0], sql: '-- pgrehearse-allow ban-locks: small\nlock a', effects: [[lock('a')]] },
    ]
    expect(lines(judgeFiles(accepted, [lockAdvice, onlyA]))).toEqual([
      'ban-locks 2 a is locked. (small)',
      'prefer-no-locks 2 Think about a.',
    ])
  })

  test('speak up when the other finding is less severe than they are', () => {
    const severities = { 'prefer-no-locks': 'error' } as const
    expect(lines(judgeFiles(files, [lockAdvice, onlyA], { severities }))).toContain(
      'prefer-no-locks 1 Think about a.',
    )
  })

  test('say nothing about a statement that fails', () => {
    const failing = [{ sql: 'lock a', effects: [[lock('a'), failure('42P01', 'no a')]] }]
    expect(lines(judgeFiles(failing, [lockAdvice]))).toEqual([
      'migration-fails 1 The migration fails here: no a (SQLSTATE 42P01).',
    ])
  })
})

test('a table of this run is nobody’s business for the rules we bring', async () => {
  const { rules } = await import('../../rules/index.ts')
  const relation = table('fresh', false)
  const effects = [
    [
      { kind: 'lock', relation, mode: 'AccessExclusiveLock', until: 'commit', evidence: measured },
      { kind: 'rewrite', relation, cause: 'column type', evidence: measured },
      { kind: 'scan', relation, reason: 'rewrite', evidence: measured },
      { kind: 'truncate', relation, cascaded: false, evidence: measured },
      { kind: 'write', relation, command: 'UPDATE', reach: 'all rows', evidence: measured },
    ],
  ] as const
  expect(judgeFiles([{ sql: 'alter table fresh alter a type text', effects }], rules)).toEqual([])
})
