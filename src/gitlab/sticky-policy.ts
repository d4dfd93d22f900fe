import { codeBlock, codeElement, codeSpan, cutText } from '../reporters/markdown-text.ts'
import { count } from '../reporters/words.ts'
import { fileLine } from './blob-link.ts'
import type { PipelineFacts, PolicyChange } from './model.ts'
import type { Part, Piece } from './sticky-fit.ts'

const maxPatchLines = 60
const maxPatchLength = 4000

/** What the merge request changes about how it is judged: to be read before the findings. */
export function policyPart(changes: readonly PolicyChange[], pipeline: PipelineFacts): Part {
  return {
    pieces: changes.map((change) => policyPiece(change, pipeline)),
    render: (kept, { here }) =>
      changes.length === 0
        ? undefined
        : [
            '**This merge request changes what is judged or accepted. Review this first:**',
            ...kept,
            ...(here > 0 ? [`… and ${count(here, 'more change')} of this kind.`] : []),
          ].join('\n\n'),
  }
}

const fileNames: Readonly<Record<Exclude<PolicyChange['kind'], 'allow'>, string>> = {
  configuration: 'Configuration',
  baseline: 'Accepted findings',
  production: "Production's sizes",
}

function policyPiece(change: PolicyChange, pipeline: PipelineFacts): Piece {
  const { file } = change
  if (change.kind === 'allow') {
    const place = fileLine(pipeline, file, change.line)
    return { weight: 90, text: `- ${place} is a new allow comment: ${codeSpan(cutText(change.text, 300))}` }
  }
  const lines = change.patch.split(/\r\n?|\n/)
  const patch = cutText(lines.slice(0, maxPatchLines).join('\n'), maxPatchLength)
  const what = fileNames[change.kind]
  const title = `${what} ${change.change}: ${codeElement(cutText(file, 200))}`
  const more =
    lines.length > maxPatchLines ? [`… and ${count(lines.length - maxPatchLines, 'more line')}.`] : []
  const body = change.patch.trim() === '' ? [] : [codeBlock(patch, 'diff'), ...more]
  return {
    weight: 95,
    text:
      body.length === 0
        ? `- ${what} ${change.change}: ${codeSpan(cutText(file, 200))}`
        : [`<details><summary>${title}</summary>`, ...body, '</details>'].join('\n\n'),
  }
}
