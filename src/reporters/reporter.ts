import type { Report } from '../core/model.ts'

/** What a caller decides about the looks of a report; nothing here changes what is said. */
export interface ReporterOptions {
  /** Terminal: use ANSI colours. */
  readonly color: boolean
  /** Terminal: columns to fill, at least 40. */
  readonly width: number
  /** Page of the tool, for formats that name their producer. */
  readonly toolUrl?: string
  /** Page of a rule; undefined when it has none (a rule of the user's own). */
  readonly ruleUrl?: (ruleId: string) => string | undefined
  /** Title of a rule, for formats that describe rules. */
  readonly ruleTitle?: (ruleId: string) => string | undefined
  /** Markdown: cut to this many UTF-16 code units, least severe findings first. GitLab refuses 1,000,000. */
  readonly maxLength?: number
}

/** A view of a report: pure, no clock, no environment, no files. The text ends with a newline unless it is empty. */
export type Reporter = (report: Report, options: ReporterOptions) => string

/** Names for `--format`. */
export const reporterNames = [
  'terminal',
  'json',
  'markdown',
  'codequality',
  'sarif',
  'junit',
  'github',
  'rdjson',
  'html',
] as const

export type ReporterName = (typeof reporterNames)[number]

/** Is this a format that we have? For checking `--format`. */
export function isReporterName(name: string): name is ReporterName {
  return (reporterNames as readonly string[]).includes(name)
}
