import type pc from 'picocolors'
import { textWidth, wrapText } from './text-width.ts'
import type { Report } from '../core/model.ts'

export type Colors = ReturnType<typeof pc.createColors>

/** What every part of the page needs: colours, columns, and the report for code frames. */
export interface Page {
  readonly report: Report
  readonly colors: Colors
  readonly width: number
}

/** Labels stand in a column of their own, so that the eye can run down the sentences. */
export const labelWidth = 9

/** A line with a label in the left column and hanging text in the right one. */
export function label(
  page: Page,
  name: string,
  text: string,
  paint?: (text: string) => string,
): readonly string[] {
  const pad = ' '.repeat(Math.max(1, labelWidth - textWidth(name)))
  return hang(page, `  ${name}${pad}`, text, paint)
}

/** Text wrapped to the page, its further lines indented below the first. */
export function hang(
  page: Page,
  head: string,
  text: string,
  paint = (line: string) => line,
): readonly string[] {
  const indent = textWidth(head)
  const lines = wrapText(text, page.width - indent)
  return lines.map((line, index) => (index === 0 ? head : ' '.repeat(indent)) + paint(line))
}

/** Cuts to a number of terminal columns, with an ellipsis. */
export function fit(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  let kept = ''
  let width = 0
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    width += textWidth(segment)
    if (width > columns - 1) break
    kept += segment
  }
  return `${kept}…`
}
