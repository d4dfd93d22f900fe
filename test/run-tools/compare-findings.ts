import type { Finding } from '../../src/core/model.ts'

/** A finding of `expected.json`. */
export interface ExpectedFinding {
  readonly rule: string
  readonly object: string
  /** Relative to the project root. */
  readonly file: string
  /** Absent: the line of code that made the statement cannot be told. */
  readonly line?: number
}

export function expectedOf({ ruleId, object, span }: Finding): ExpectedFinding {
  return { rule: ruleId, object, file: span.file, line: span.start.line }
}

/** What was found and not expected, and the other way about; empty when both are the same. */
export function compareFindings(
  expected: readonly ExpectedFinding[],
  found: readonly Finding[],
): readonly string[] {
  const left = found.map(expectedOf)
  const missing: ExpectedFinding[] = []
  for (const wanted of expected) {
    const at = left.findIndex((one) => isSame(wanted, one))
    if (at < 0) missing.push(wanted)
    else left.splice(at, 1)
  }
  return [
    ...missing.map((one) => `not found: ${asText(one)}`),
    ...left.map((one) => `not expected: ${asText(one)}`),
  ]
}

function isSame(wanted: ExpectedFinding, one: ExpectedFinding): boolean {
  const { rule, object, file, line = one.line } = wanted
  return rule === one.rule && object === one.object && file === one.file && line === one.line
}

function asText({ rule, object, file, line }: ExpectedFinding): string {
  return `${file}:${line ?? '?'} ${rule} (${object})`
}
