import { formatJson } from './json.ts'
import type { ReporterName } from './reporter.ts'

/**
 * The reports of several databases in one text, in their order; undefined for a format of which one text holds one
 * report. `texts` are what the reporter of that name wrote for each.
 */
export function mergeTexts(name: string, texts: readonly string[]): string | undefined {
  return merges[name as ReporterName]?.(texts)
}

/** Can one text of that format hold several reports? */
export function canMerge(name: string): boolean {
  return name in merges
}

type Merge = (texts: readonly string[]) => string

const joined: Merge = (texts) => texts.join('')

const merges: Readonly<Partial<Record<ReporterName, Merge>>> = {
  terminal: (texts) => texts.join('\n'),
  markdown: (texts) => texts.join('\n'),
  github: joined,
  json: (texts) => formatJson({ schemaVersion: 1, reports: texts.map(parse) }),
  codequality: (texts) => formatJson(texts.flatMap((text) => parse(text) as unknown[])),
  sarif: (texts) => withListsOf('runs', texts),
  rdjson: (texts) => withListsOf('diagnostics', texts),
  junit: suitesOfAll,
}

function parse(text: string): unknown {
  return JSON.parse(text)
}

const junitRoot = /<testsuites name="pgrehearse" tests="(\d+)" failures="(\d+)" errors="0" skipped="(\d+)">\n/

/** One root with the suites of all; what our reporter writes has no second element of that name. */
function suitesOfAll(texts: readonly string[]): string {
  const parts = texts.map((text) => junitRoot.exec(text))
  const sum = (group: number): number => parts.reduce((total, part) => total + Number(part?.[group] ?? 0), 0)
  const suites = texts.map((text, index) => {
    const { 0: root = '', index: at = 0 } = parts[index] ?? {}
    return text.slice(at + root.length, text.lastIndexOf('</testsuites>'))
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="pgrehearse" tests="${sum(1)}" failures="${sum(2)}" errors="0" skipped="${sum(3)}">
${suites.join('')}</testsuites>
`
}

/** The first, with the lists of all under this key. */
function withListsOf(key: string, texts: readonly string[]): string {
  const all = texts.map((text) => parse(text) as Readonly<Record<string, readonly unknown[]>>)
  return formatJson({ ...all[0], [key]: all.flatMap((one) => one[key] ?? []) })
}
