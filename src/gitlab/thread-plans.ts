import { findingPlans, type QueryPlans } from '../reporters/finding-plans.ts'
import { codeBlock, codeElement, cutText, markdownText } from '../reporters/markdown-text.ts'
import type { Finding, Report } from '../core/model.ts'

/** Plans under a finding about slower queries, folded, a fold per query; empty for other findings. */
export function plansMarkdown(report: Report, finding: Finding): readonly string[] {
  return findingPlans(report, finding).map(queryFold)
}

function queryFold({ query, plans }: QueryPlans): string {
  return [
    `<details><summary>Plans of ${codeElement(cutText(query.name, 80))}</summary>`,
    ...plans.flatMap(({ title, parameters, text }) => [
      parameters === undefined ? `${title}:` : `${title}, with ${markdownText(cutText(parameters, 200))}:`,
      codeBlock(text, ''),
    ]),
    '</details>',
  ].join('\n\n')
}
