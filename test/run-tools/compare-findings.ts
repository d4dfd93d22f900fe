import type { Finding } from '../../src/core/model.ts'

/** A finding of `expected.json`. */
export interface ExpectedFinding {
  readonly rule: string
  readonly object: string
  /** Relative to the project root. */
  readonly file: string
  readonly line: number
}

export function expectedOf({ ruleId, object, span }: Finding): ExpectedFinding {
  return { rule: ruleId, object, file: span.file, line: span.start.line }
}

/** What was found and not expected, and the other way about; empty when both are the same. */
export function compareFindings(
  expected: readonly ExpectedFinding[],
  found: readonly Finding[],
): readonly string[] {
  const wanted = expected.map(asLine)
  const got = found.map((finding) => asLine(expectedOf(finding)))
  return [
    ...withoutThose(wanted, got).map((line) => `not found: ${line}`),
    ...withoutThose(got, wanted).map((line) => `not expected: ${line}`),
  ]
}

function asLine({ rule, object, file, line }: ExpectedFinding): string {
  return `${file}:${line} ${rule} (${object})`
}

/** One line of `others` takes away one. */
function withoutThose(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others]
  return lines.filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}
