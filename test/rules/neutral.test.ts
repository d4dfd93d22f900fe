/**
 * What changes no meaning changes no finding: tables with names that have to be quoted, comments between the words,
 * keywords in other letters.
 */
import { existsSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser } from '../../src/sql/parse.ts'
import { tokenize } from '../../src/sql/tokens.ts'
import {
  lintExample,
  loadExample,
  loadExamples,
  readSetup,
  ruleFolders,
  rulesFolder,
  type Example,
} from './run-example.ts'

beforeAll(loadParser)

/** A change to every SQL file of an example; undefined where it cannot be made. */
type Rewrite = (sql: string, tables: ReadonlySet<string>) => string | undefined

describe.each(ruleFolders().filter((id) => !existsSync(`${rulesFolder}${id}/queries.sql`)))('%s', (id) => {
  test.each([
    ['names that have to be quoted', quotedNames],
    ['comments and other letters', comments],
  ] as const)('says the same with %s', (_, rewrite) => {
    const pairs = loadExamples(id).flatMap((example) => {
      const changed = rewritten(id, example, rewrite)
      return changed === undefined ? [] : [{ file: example.file, changed, example }]
    })
    expect(pairs.map(({ file, changed }) => ({ file, said: said(changed) }))).toEqual(
      pairs.map(({ file, example }) => ({ file, said: said(example) })),
    )
  })
})

test('most examples can be changed in either way', () => {
  const examples = ruleFolders().flatMap((id) => loadExamples(id).map((example) => ({ id, example })))
  for (const rewrite of [quotedNames, comments]) {
    const changed = examples.filter(({ id, example }) => rewritten(id, example, rewrite) !== undefined)
    expect(changed.length / examples.length).toBeGreaterThan(0.6)
  }
})

function rewritten(id: string, { file, text }: Example, rewrite: Rewrite): Example | undefined {
  const setup = readSetup(id).text
  const tables = new Set(
    [...setup.matchAll(/^CREATE (?:UNLOGGED )?TABLE (\w+)/gm)].map((match) => match[1] ?? ''),
  )
  const [newSetup, newText] = [rewrite(setup, tables), rewrite(text, tables)]
  if (newSetup === undefined || newText === undefined) return undefined
  return loadExample(id, file.split('/').at(-1) ?? '', { file, text: newText, setup: newSetup })
}

/** `orders` becomes `"Orders of ""us"""`: sizes, transactions, literals and bodies that name it are not understood, so no change then. */
function quotedNames(sql: string, tables: ReadonlySet<string>): string | undefined {
  let changed = ''
  let at = 0
  for (const { kind, text, start, end } of tokenize(sql)) {
    const gap = sql.slice(at, start)
    if (kind === 'literal' && [...tables].some((table) => text.includes(table))) return undefined
    if (/^-- (?:rows|distinct|transaction|finds.*parts)(?::| )/m.test(gap)) return undefined
    changed += gap + (kind === 'word' && tables.has(text) ? `"The ""${text}"" 2"` : text)
    at = end
  }
  return changed + sql.slice(at)
}

function comments(sql: string): string | undefined {
  let changed = ''
  let at = 0
  for (const { kind, text, start, end } of tokenize(sql)) {
    const gap = sql.slice(at, start)
    const word = kind === 'word' ? alternating(text) : text
    changed += `${gap === ' ' ? ' /* a comment; with ; in it */ ' : gap}${word}`
    at = end
  }
  return changed + sql.slice(at)
}

/** `ALTER` becomes `aLtEr`. */
function alternating(word: string): string {
  return [...word]
    .map((letter, index) => (index % 2 === 0 ? letter.toLowerCase() : letter.toUpperCase()))
    .join('')
}

/** What is found, without the names. */
function said(example: Example): readonly string[] {
  return lintExample(example)
    .map(
      ({ ruleId, messageId, severity, span, allowed }) =>
        `${span.start.line} ${ruleId} ${messageId} ${severity}${allowed === undefined ? '' : ' accepted'}`,
    )
    .toSorted()
}
