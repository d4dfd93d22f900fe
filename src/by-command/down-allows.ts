/** Allow comments about the way down, in the language of the file that it stands in. */
import type { Finding } from '../core/model.ts'
import { acceptFindings, type Allow } from '../judge/allows.ts'
import type { CandidateFile } from '../record/model.ts'
import { LineIndex } from '../sql/lines.ts'
import { parseAllow } from '../sql/suppressions.ts'

/** As in files of SQL: `down-leaves-differences` anywhere in the file, `down-fails` in the lines above the statement. */
export function acceptInCode(
  findings: readonly Finding[],
  files: readonly CandidateFile[],
  today: string,
): readonly Finding[] {
  const named = files.filter(({ path }) => findings.some(({ span }) => span.file === path))
  const accepted = acceptFindings<Allow, { readonly finding: Finding }>(
    findings.map((finding) => ({ finding })),
    named.flatMap(allowsIn),
    {
      today,
      knownRules: rules,
      concerns: ({ rule, file, span }, { finding }) =>
        rule === finding.ruleId &&
        file === finding.span.file &&
        (rule === 'down-leaves-differences' || isDirectlyAbove(span.end.line, finding, named)),
      // what is right with the way down may be wrong on another server
      whyNeedless: () => undefined,
    },
  )
  return [...accepted.findings.map(({ finding }) => finding), ...accepted.aboutAllows]
}

const rules: readonly string[] = ['down-fails', 'down-leaves-differences']

const comment =
  /(?<![^\r\n])[ \t]*(?:--|\/\/|#|\/?\*)[ \t]*(pgrehearse-allow\b[^\r\n]*?)[ \t]*(?:\*\/)?[ \t]*(?![^\r\n])/g

function allowsIn({ path, text }: CandidateFile): readonly Allow[] {
  const lines = new LineIndex(text)
  return [...text.matchAll(comment)].flatMap((match) => {
    const allow = parseAllow(match[1] ?? '')
    if (allow === undefined || !rules.includes(allow.rule)) return []
    return [{ ...allow, file: path, span: lines.span(path, match.index, match.index + match[0].length) }]
  })
}

/** Are there nothing but comments between the line and the finding? */
function isDirectlyAbove(line: number, { span }: Finding, files: readonly CandidateFile[]): boolean {
  if (line >= span.start.line) return false
  const text = files.find(({ path }) => path === span.file)?.text ?? ''
  const between = text.split('\n').slice(line, span.start.line - 1)
  return between.every((one) => /^\s*(?:--|\/\/|#|\/?\*)/.test(one))
}
