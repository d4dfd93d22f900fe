import { expect } from 'vitest'

/** What is left of markdown when fenced blocks and code spans are taken out, as CommonMark delimits them. */
export function outsideCode(text: string): string {
  const kept: string[] = []
  let fence: string | undefined
  for (const line of text.split('\n')) {
    const run = /^(`{3,})[^`]*$/.exec(line)?.[1]
    if (fence !== undefined) {
      if (line.trimEnd() === '`'.repeat(line.trimEnd().length) && line.length >= fence.length)
        fence = undefined
    } else if (run === undefined) kept.push(line)
    else fence = run
  }
  if (fence !== undefined) throw new Error('a fence is not closed')
  return kept.map((line) => line.replaceAll(/(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, 'CODE')).join('\n')
}

/** Nothing here mentions, refers, links, formats, commands or is HTML of anybody but us. */
export function expectHarmless(text: string): void {
  const rest = outsideCode(text).replaceAll(/<\/?details>|<\/?summary>/g, '')
  expect(rest).not.toMatch(/[<>@#!~%$&[\]`|{}_]|:\w+:|https?|\bwww\b\.?|\w\.\w{2}/)
  expect(rest).not.toMatch(/^\s*\//m)
}
