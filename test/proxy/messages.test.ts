import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  errorResponse,
  frame,
  FrameError,
  FrameReader,
  headerBytes,
  messageFields,
  type Frame,
} from '../../src/postgres/frames.ts'
import { ScramClient, scramSecret, ScramServer } from '../../src/postgres/scram.ts'
import { throwawayCertificate } from '../../src/proxy/certificate.ts'
import { integer, objectIdentifier, tagged, utcTime } from '../../src/proxy/der.ts'
import { withPosition } from '../../src/proxy/position.ts'
import { statementKind } from '../../src/proxy/statement-kind.ts'

describe('FrameReader', () => {
  const limits = { largestBytes: () => 1000, heldBytes: (type: string) => (type === 'D' ? 20 : 1000) }
  const messages = [
    frame('C', Buffer.from('one')),
    frame('S'),
    frame('D', Buffer.alloc(100, 'x')),
    frame('D', Buffer.from('y')),
    frame('Z', Buffer.from('I')),
  ]
  const stream = Buffer.concat(messages)

  test.each([1, 2, 3, 4, 5, 6, 7, 11, 24, 64, stream.length])('in chunks of %i bytes', (size) => {
    const frames: Frame[] = []
    const reader = new FrameReader(limits, (one) => frames.push(one))
    for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size))
    expect(Buffer.concat(frames.map(({ bytes }) => bytes))).toEqual(stream)
    const heads = frames.filter(({ isHead }) => isHead)
    expect(heads.map(({ type }) => type)).toEqual(['C', 'S', 'D', 'D', 'Z'])
    expect(heads.every(({ bytes }) => bytes.length >= headerBytes)).toBe(true)
    // what is small, or there at once, is whole
    expect(heads.map(({ isWhole }) => isWhole)).toEqual([true, true, size >= 113, true, true])
  })

  test('refuses what no message can begin with', () => {
    const reader = new FrameReader(limits, () => undefined)
    expect(() => reader.push(Buffer.from([0x51, 0, 0, 0, 3]))).toThrow(FrameError)
    expect(() => new FrameReader(limits, () => undefined).push(Buffer.from([0x51, 0, 0, 4, 0]))).toThrow(
      FrameError,
    )
  })
})

describe('SCRAM', () => {
  function login(password: string, server: ScramServer): string | undefined {
    const client = new ScramClient(password)
    const first = server.begin('SCRAM-SHA-256', client.first)
    const final = first === undefined ? undefined : server.finish(client.answer(first))
    return final !== undefined && client.accepts(final) ? 'in' : final
  }
  const secret = scramSecret('pass wörd')

  test('who knows the password is in, and knows the server', () => {
    expect(login('pass wörd', new ScramServer(secret, undefined))).toBe('in')
    expect(login('pass word', new ScramServer(secret, undefined))).toBeUndefined()
    expect(login('pass wörd', new ScramServer(scramSecret('other'), undefined))).toBeUndefined()
  })

  test('a client that believes that we cannot bind is misled by somebody', () => {
    const server = new ScramServer(secret, Buffer.from('hash'))
    expect(server.begin('SCRAM-SHA-256', 'y,,n=,r=abc')).toBeUndefined()
    expect(server.begin('SCRAM-SHA-256', 'n,,n=,r=abc')).toMatch(/^r=abc.+,s=.+,i=4096$/)
    expect(server.begin('SCRAM-SHA-256-PLUS', 'p=tls-unique,,n=,r=abc')).toBeUndefined()
    expect(server.begin('SCRAM-SHA-256-PLUS', 'n,,n=,r=abc')).toBeUndefined()
    expect(server.begin('SCRAM-SHA-256', 'nonsense')).toBeUndefined()
  })
})

describe('the certificate', () => {
  test('is one, for this machine, of an authority', () => {
    const now = new Date('2026-03-04T05:06:07Z')
    const { authority, certificate, key } = throwawayCertificate(now)
    const root = new X509Certificate(authority)
    const leaf = new X509Certificate(certificate)
    expect(root.ca).toBe(true)
    expect(root.verify(root.publicKey)).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.verify(root.publicKey)).toBe(true)
    expect(leaf.checkIssued(root)).toBe(true)
    expect(leaf.checkHost('localhost')).toBe('localhost')
    expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(leaf.checkHost('example.org')).toBeUndefined()
    expect(new Date(leaf.validFrom)).toEqual(new Date('2026-03-03T05:06:07Z'))
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/)
    expect(throwawayCertificate().certificate).not.toBe(certificate)
  })

  test('DER as X.690 has it', () => {
    expect(objectIdentifier('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302')
    expect(integer(Buffer.from([0, 0, 0x80])).toString('hex')).toBe('02020080')
    expect(integer(Buffer.from([0])).toString('hex')).toBe('020100')
    expect(tagged(0x30, Buffer.alloc(300)).subarray(0, 4).toString('hex')).toBe('3082012c')
    expect(utcTime(new Date('2026-03-04T05:06:07Z')).toString('latin1').slice(2)).toBe('260304050607Z')
  })
})

describe('withPosition', () => {
  const error = frame('E', Buffer.from('SERROR\0Msyntax error\0P7\0\0'))
  const fields = (bytes: Buffer): object => Object.fromEntries(messageFields(bytes))

  test('counts from the beginning of the message', () => {
    expect(fields(withPosition(error, 10))).toEqual({ S: 'ERROR', M: 'syntax error', P: '17' })
    expect(fields(withPosition(error, 'none'))).toEqual({ S: 'ERROR', M: 'syntax error' })
    expect(withPosition(error, 0)).toBe(error)
    expect(withPosition(errorResponse('ERROR', 'XX000', 'x'), 5)).toEqual(
      errorResponse('ERROR', 'XX000', 'x'),
    )
  })
})

describe('statementKind', () => {
  test.each([
    ['begin', 'begin'],
    ['/* a */ START  TRANSACTION read only', 'begin'],
    ['commit', 'end'],
    ['end work', 'end'],
    ['rollback', 'end'],
    ['rollback to a', 'none'],
    ['rollback work to savepoint a', 'none'],
    ['commit and chain', 'end and chain'],
    ['rollback work and no chain', 'end'],
    ["commit prepared 'x'", 'none'],
    ["prepare transaction 'x'", 'end'],
    ['prepare transaction as select 1', 'none'],
    ['savepoint commit', 'none'],
    ['select 1', 'none'],
  ])('%s: %s', (sql, expected) => {
    expect(statementKind(sql).transaction).toBe(expected)
  })

  test.each([
    ['set transaction isolation level serializable', true],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION read only', true],
    ["set local transaction_isolation = 'serializable'", true],
    ['set local lock_timeout = 1', false],
    ["set timezone = 'UTC'", false],
  ])('%s sets the transaction: %s', (sql, expected) => {
    expect(statementKind(sql).setsTransaction).toBe(expected)
  })

  test.each([
    ['select 1', true],
    ['(select 1) union select 2', true],
    ['with a as (select 1) table a', true],
    ['with a as (delete from t returning *) table a', false],
    ['show work_mem', false],
    ['insert into t values (1) returning id', false],
  ])('%s tells its columns first: %s', (sql, expected) => {
    expect(statementKind(sql).describesFirst).toBe(expected)
  })
})
