/** The section "Your queries" at the terminal. */

import { plainPieces } from './pieces.ts'
import {
  hasBecomeSlower,
  plainVerdict,
  queriesSection,
  queriesTitle,
  type AffectedVerdict,
  type QueryRow,
} from './queries-section.ts'
import { hang, label, type Page } from './terminal-page.ts'

/** More rows than this push the verdict out of sight. */
const maxRows = 12

/** What happens, in a word for the column of labels. */
const labels: Readonly<Record<AffectedVerdict, string>> = {
  broken: 'fails',
  'other result': 'differs',
  slower: 'slower',
  blocked: 'waits',
}

/** One block, or none when the report has no such section. */
export function queriesBlocks(page: Page): readonly (readonly string[])[] {
  const section = queriesSection(page.report)
  if (section === undefined) return []
  const { colors } = page
  const rows = section.rows.slice(0, maxRows)
  const more = section.rows.length - rows.length + section.unlisted
  const { notCheckable, notCheckableMore } = section
  return [
    [
      colors.bold(queriesTitle),
      ...hang(page, '  ', section.counts),
      ...section.facts.flatMap((fact) => hang(page, '  ', plainPieces(fact), colors.dim)),
      ...rows.flatMap((row) => ['', ...rowLines(page, row)]),
      ...(more > 0 ? ['', ...label(page, '', `… and ${more} more, in the HTML and JSON reports`)] : []),
      ...(notCheckable.length > 0 ? ['', ...hang(page, '  ', 'Not checkable:', colors.yellow)] : []),
      ...notCheckable.flatMap((query) => hang(page, '  • ', plainPieces(query))),
      ...(notCheckable.length > 0 && notCheckableMore > 0 ? [`  • … and ${notCheckableMore} more`] : []),
    ],
  ]
}

/** The query and its rate, then what happens and why. */
function rowLines(page: Page, { query, verdict, name, where, rate, what, why }: QueryRow): readonly string[] {
  const { colors } = page
  const word = verdict === 'slower' && !hasBecomeSlower(query) ? 'slow' : labels[verdict]
  const paint = verdict === 'broken' ? colors.red : colors.yellow
  const place = [...(where.length === 0 ? [] : [plainPieces(where)]), ...(rate === undefined ? [] : [rate])]
  const [first, ...others] = why.map(plainPieces)
  // the label says it already
  const happens = what === plainVerdict[verdict] ? [] : [what]
  const said = [...happens, ...(first === undefined ? [] : [first])].join(': ')
  return [
    ...label(page, paint(word), `${colors.bold(plainPieces(name))}  ${place.join(', ')}`.trimEnd()),
    ...(said === '' ? [] : label(page, '', said, colors.dim)),
    ...others.flatMap((line) => label(page, '', line, colors.dim)),
  ]
}
