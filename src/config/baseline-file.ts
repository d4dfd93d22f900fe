import { z } from 'zod'
import { entryKey, type BaselineEntry, type WrittenEntry } from '../core/baseline.ts'
import { ConfigError } from '../core/errors.ts'
import { decodeText } from './read.ts'

const line = z.string().min(1, 'Expected a text that is not empty').max(10_000)

const entry = z.strictObject({
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{20}(?:-[1-9]\d*)?$/, 'Expected a fingerprint: 20 hexadecimal digits'),
  rule: line,
  object: z.string().max(10_000).exactOptional(),
  file: line,
  query: line.exactOptional(),
  message: line,
  reason: line,
  author: line.exactOptional(),
  date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, 'Expected a date such as "2026-11-21"')
    .exactOptional(),
  run: z.enum(['all', 'review'], 'Expected "all" or "review"'),
})

const baselineSchema = z.strictObject({
  version: z.literal(1, 'Expected 1: another version of pgrehearse wrote this file'),
  findings: z.array(entry).max(100_000),
})

const hint = 'Mend it by hand, or delete the file and let `pgrehearse baseline` write it anew.'

/**
 * The entries of a baseline, YAML or JSON.
 * @throws {ConfigError} with line and column, when it is not one
 */
export async function parseBaseline(bytes: Uint8Array, name: string): Promise<readonly WrittenEntry[]> {
  const { isNode, LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(decodeText(bytes, name), {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
  })
  const placeAt = (offset: number): string => {
    const { line: at, col } = lines.linePos(offset)
    return `${name}:${at}:${col}`
  }
  const offsetOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return node.range[0]
    }
    return 0
  }
  const [error] = document.errors
  if (error !== undefined) {
    throw new ConfigError(`${placeAt(error.pos[0])} is not valid YAML: ${error.message}.`, {
      hint,
      cause: error,
    })
  }
  const result = baselineSchema.safeParse(valueOf(document, name))
  const [issue] = result.error?.issues ?? []
  if (issue !== undefined || result.data === undefined) {
    const path = issue?.path ?? []
    const key = path.length === 0 ? '' : ` (${path.join('.')})`
    throw new ConfigError(
      `${placeAt(offsetOf(path))}: the baseline cannot be read: ${issue?.message ?? 'it is empty'}${key}.`,
      { hint },
    )
  }
  const entries = result.data.findings.map(({ object = '', ...said }, index): WrittenEntry => {
    return { ...said, object, line: lines.linePos(offsetOf(['findings', index])).line }
  })
  refuseRepeated(entries, name)
  return entries
}

/** Aliases may name nothing, or be so many that their value would fill the memory. */
function valueOf(document: { readonly toJS: () => unknown }, name: string): unknown {
  try {
    return document.toJS()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : String(cause)
    throw new ConfigError(`${name} is not valid YAML: ${reason}.`, { hint, cause })
  }
}

/** Two entries for one finding would be one too many. */
function refuseRepeated(entries: readonly WrittenEntry[], name: string): void {
  const seen = new Map<string, number>()
  for (const each of entries) {
    const before = seen.get(entryKey(each))
    if (before !== undefined) {
      throw new ConfigError(
        `${name}:${each.line}:1: this entry of the baseline stands in line ${before} already.`,
        {
          hint: 'Remove one of the two; merging two branches may have doubled it.',
        },
      )
    }
    seen.set(entryKey(each), each.line)
  }
}

const header = `# Findings that are accepted, each with its reason. \`pgrehearse baseline\` writes this file: review it as you would
# code, and change reasons by hand. An entry counts for its file and its statement, wherever that stands in the file.
`

/** The text of a baseline: sorted entries, one key a line, so that merging branches is calm. */
export async function renderBaseline(entries: readonly BaselineEntry[]): Promise<string> {
  const { stringify } = await import('yaml')
  const findings = entries.map(
    ({ fingerprint, rule, object, file, query, message, reason, author, date, run }) => ({
      file,
      rule,
      ...(object === '' ? {} : { object }),
      ...(query === undefined ? {} : { query }),
      message,
      reason,
      ...(author === undefined ? {} : { author }),
      ...(date === undefined ? {} : { date }),
      run,
      fingerprint,
    }),
  )
  return header + stringify({ version: 1, findings }, { lineWidth: 0, aliasDuplicateObjects: false })
}
