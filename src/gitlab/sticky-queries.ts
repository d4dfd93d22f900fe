import {
  maxQueryRows,
  queriesSummary,
  queriesTable,
  queryRow,
  type PlaceMarkdown,
} from '../reporters/markdown-queries.ts'
import { codeSpan } from '../reporters/markdown-text.ts'
import { markdownPieces, placeText } from '../reporters/pieces.ts'
import { queriesSection, queriesTitle, type AffectedVerdict } from '../reporters/queries-section.ts'
import { fileLine } from './blob-link.ts'
import type { PipelineFacts, StickyContent } from './model.ts'
import type { Part } from './sticky-fit.ts'

/** Below findings, above what was not checked. */
const weights: Readonly<Record<AffectedVerdict, number>> = {
  broken: 84,
  'other result': 80,
  slower: 76,
  blocked: 72,
}

/** The section "Your queries": counts, a table, what cannot be checked. Lines of the branch are links. */
export function queriesParts(
  { report, pipeline }: StickyContent,
  nameOf: (file: string) => string,
): readonly Part[] {
  const section = queriesSection(report)
  if (section === undefined) return []
  const { rows, unlisted, notCheckable, notCheckableMore } = section
  const place = linkPlace(pipeline, nameOf)
  const shown = rows.slice(0, maxQueryRows)
  const others = rows.length - shown.length + unlisted
  const table: Part = {
    pieces: shown.map((row) => ({ text: queryRow(row, place), weight: weights[row.verdict] })),
    render: (kept, { here }) =>
      [`**${queriesTitle}**: ${queriesSummary(section, place)}`, ...queriesTable(kept, others + here)].join(
        '\n\n',
      ),
  }
  const unknown: Part = {
    pieces: notCheckable.map((query) => ({ text: `- ${markdownPieces(query, place)}`, weight: 58 })),
    render: (kept, { here }) => {
      if (notCheckable.length === 0) return undefined
      const more = notCheckableMore + here
      const items = [...kept, ...(more === 0 ? [] : [`- … and ${more} more`])]
      return ['Queries that are not checkable:', items.join('\n')].join('\n\n')
    },
  }
  return [table, unknown]
}

/** What only the base revision has is no page of the branch. */
function linkPlace(pipeline: PipelineFacts, nameOf: (file: string) => string): PlaceMarkdown {
  return ({ file, line, isGone = false }) => {
    const named = { file: nameOf(file), ...(line === undefined ? {} : { line }) }
    return isGone || line === undefined
      ? codeSpan(placeText(named))
      : fileLine(pipeline, file, line, nameOf(file))
  }
}
