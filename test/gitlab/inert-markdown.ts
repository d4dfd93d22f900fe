import { expect } from 'vitest'
import { controlCharacter } from '../reporters/control-characters.ts'
import { expectHarmless, outsideCode } from '../reporters/outside-code.ts'

/** Links to the host of the tests, with nothing in their address that markdown reads. */
const ownLink = /\[([^\]]*)\]\(https:\/\/gitlab\.example\.com\/[\w%./#-]*\)/g

/** A code element that holds letters, digits and character references only. */
const ownElement = /<code>(?:[\p{L}\p{N} ./_-]|&#\d+;)*<\/code>/gu

/**
 * A note does what we want and nothing that somebody else wrote into it: no mention, reference, quick action, link,
 * HTML or emphasis but ours, no fence or fold left open, no table with a cell too many.
 */
export function expectInert(body: string): void {
  expect(body).not.toMatch(controlCharacter)
  const bare = withoutBlocks(body)
  for (const line of tableRows(bare)) expect(line.match(/(?<!\\)\|/g)).toHaveLength(4)
  const ours = bare
    .replaceAll(ownElement, 'CODE')
    .replaceAll(/^\|---.*$/gm, '')
    .replaceAll(/^### /gm, '')
    .replaceAll(/<\/?sub>/g, '')
  const inline = outsideCode(ours)
    .replaceAll(ownLink, '$1')
    .replaceAll(/^\|.*\|$/gm, (row) => row.replaceAll(/\||<br>/g, ''))
  const unemphasised = inline.replaceAll('**', '').replaceAll(/\\$/gm, '')
  expect(unemphasised).not.toMatch(/[*\\]/)
  expect(unemphasised).not.toMatch(/^\s*(?:[=~]+|---+|\/\w|[-*+]? *\d+[.)] +[^C\s]|[-*+] +\d+[.)])/m)
  expect(body).not.toContain('****')
  expectHarmless(unemphasised)
  const lines = bare.split('\n')
  const folds = lines.filter((line) => /^<details><summary>.*<\/summary>$/.test(line))
  expect(lines.filter((line) => line === '</details>')).toHaveLength(folds.length)
  expect(body).not.toMatch(/^\/\w/m)
  expect(bare).not.toMatch(/^\s*<!--/m)
}

/** The text without fenced blocks. Throws when one is not closed. */
export function withoutBlocks(body: string): string {
  const kept: string[] = []
  let fence: string | undefined
  for (const line of body.split('\n')) {
    const run = /^(`{3,})[^`]*$/.exec(line)?.[1]
    if (fence !== undefined) {
      if (/^`+$/.test(line) && line.length >= fence.length) fence = undefined
    } else if (run === undefined) kept.push(line)
    else fence = run
  }
  if (fence !== undefined) throw new Error('a fence is not closed')
  return kept.join('\n')
}

function tableRows(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith('|'))
}
