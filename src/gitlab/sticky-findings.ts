import { findingMarkdown, preflightMarkdown, remedyMarkdown } from '../reporters/markdown.ts'
import { codeElement, cutText } from '../reporters/markdown-text.ts'
import { count } from '../reporters/words.ts'
import { gravestFirst, gravity } from './sticky-words.ts'
import { receiptLines } from './thread-body.ts'
import { plansMarkdown } from './thread-plans.ts'
import type { StickyContent } from './model.ts'
import type { Part } from './sticky-fit.ts'
import type { RuleLinks } from './thread-body.ts'

/** Receipt and remedy of the findings that have no thread to say it in, folded. */
export function unthreadedPart(
  { report, findings }: StickyContent,
  nameOf: (file: string) => string,
  links: RuleLinks,
): Part {
  const unthreaded = gravestFirst(
    findings.filter(({ standing }) => standing === 'summary' || standing === 'over limit'),
  )
  return {
    pieces: unthreaded.map(({ finding }) => ({
      weight: 20 + 10 * gravity(finding),
      text: [
        `<details><summary>${finding.severity} in ${codeElement(`${cutText(nameOf(finding.span.file), 200)}:${finding.span.start.line}`)}</summary>`,
        findingMarkdown(report, { ...finding, message: cutText(finding.message, 1000) }, links, false),
        ...receiptLines(report, finding),
        ...plansMarkdown(report, finding),
        ...remedyMarkdown(finding),
        ...preflightMarkdown(finding),
        '</details>',
      ].join('\n\n'),
    })),
    render: (kept, { here }) => {
      if (unthreaded.length === 0) return undefined
      const more = here === 0 ? [] : [`… and the details of ${count(here, 'more finding')}.`]
      return ['**Findings without a thread**', ...kept, ...more].join('\n\n')
    },
  }
}
