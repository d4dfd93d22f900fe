import { describe, expect, test } from 'vitest'
import { beginsLikeCommand, parseCommand } from '../../src/gitlab/commands.ts'

const us = 'project_42_bot'

describe('a comment', () => {
  test.each([
    ['pgrehearse allow the table is small', 'the table is small'],
    ['  PGRehearse ALLOW  the table is small \n', 'the table is small'],
    ['`pgrehearse allow the table is small`', 'the table is small'],
    ['@project_42_bot pgrehearse allow it is small', 'it is small'],
    ['@Project_42_Bot, pgrehearse allow it is small', 'it is small'],
    ['@project_42_bot `pgrehearse allow it is small`', 'it is small'],
    ['/pgrehearse allow it is small', 'it is small'],
    ['pgrehearse: allow it is small', 'it is small'],
    ['pgrehearse allow: it is small', 'it is small'],
    ['pgrehearse allow — it is small', 'it is small'],
    ['pgrehearse allow because `orders` holds 3 rows', 'because `orders` holds 3 rows'],
    ['pgrehearse allow 夜間に実行', '夜間に実行'],
    ['> Building `i` blocks every write\n> to `orders`\n\npgrehearse allow it is small', 'it is small'],
  ])('%j accepts a finding', (body, reason) => {
    expect(parseCommand(body, us)).toEqual({ kind: 'allow', reason })
  })

  test.each([
    'pgrehearse allow',
    'pgrehearse allow …',
    'pgrehearse allow <reason>',
    'pgrehearse allow: ""',
    'pgrehearse allow.',
  ])('%j lacks a reason', (body) => {
    expect(parseCommand(body, us)).toEqual({ kind: 'allow without reason' })
  })

  test.each(['pgrehearse help', 'pgrehearse', 'pgrehearse?', '`pgrehearse help`', 'pgrehearse help!'])(
    '%j asks for help',
    (body) => {
      expect(parseCommand(body, us)).toEqual({ kind: 'help' })
    },
  )

  test.each([
    ['pgrehearse alow it is small', 'alow'],
    ['pgrehearse allwo it is small', 'allwo'],
    ['pgrehearse hlep', 'hlep'],
    ['pgrehearse ignore this', 'ignore'],
    ['pgrehearse Accept: it is small', 'accept'],
    ['pgrehearse skip', 'skip'],
    ['pgrehearse rerun', 'rerun'],
    ['pgrehearse run', 'run'],
  ])('%j is a command that we do not know', (body, verb) => {
    expect(parseCommand(body, us)).toEqual({ kind: 'unknown', verb })
  })

  test.each([
    'pgrehearse is wrong here',
    'pgrehearse helped me a lot',
    'pgrehearse held this lock for an hour',
    'pgrehearse allows this on purpose',
    'pgrehearse follow up: split it',
    'pgrehearse check failed on my machine',
    'pgrehearse run 17 was green',
    'pgrehearse’s lock is real',
    'pgrehearser allow it',
    'I think pgrehearse allow it is what we want',
    'please pgrehearse allow it is small',
    '@ann pgrehearse allow it is small',
    '@project_42_bot allow it is small',
    'pgrehearse allow it is small\nand rarely read',
    'pgrehearse\nallow it is small',
    'pgrehearse allow it is small\u2028and rarely read',
    '> pgrehearse allow it is small',
    '> pgrehearse allow it is small\n\nno, it is not',
    '> a line directly below belongs to the quote\npgrehearse allow it is small',
    '',
    'ok',
  ])('%j is human conversation', (body) => {
    expect(parseCommand(body, us)).toBeUndefined()
  })

  test('cannot make us keep a reason or a verb of any length', () => {
    const allow = parseCommand(`pgrehearse allow ${'x'.repeat(1_000_000)}`)
    expect(allow?.kind === 'allow' && allow.reason.length).toBe(300)
    expect(parseCommand(`pgrehearse ${'x'.repeat(1_000_000)}`)).toBeUndefined()
  })

  // with a pattern that goes back and forth, each of these took hours
  test.each([
    `${'`'.repeat(1_000_000)}a`,
    `@${us} ${'`'.repeat(1_000_000)}a`,
    `pgrehearse ${'!'.repeat(1_000_000)}a`,
  ])('of a million characters is read at once (%#)', (body) => {
    expect(parseCommand(body, us)).toBeUndefined()
    expect(beginsLikeCommand(`${body}\nb`, us)).toBe(false)
  })

  test.each([
    ['pgrehearse allow it is small\nand rarely read', true],
    ['pgrehearse allow\nit is small', true],
    ['> really?\n\npgrehearse allow it is small\nand rarely read', true],
    ['pgrehearse allow it is small', false],
    ['> really?\n\npgrehearse allow it is small', false],
    ['I do not\nlike it', false],
    ['pgrehearse help\nme', false],
  ])('%j of several lines begins like a command: %j', (body, begins) => {
    expect(beginsLikeCommand(body, us)).toBe(begins)
  })
})
