import type { Reporter, ReporterName } from './reporter.ts'

export {
  isReporterName,
  reporterNames,
  type Reporter,
  type ReporterName,
  type ReporterOptions,
} from './reporter.ts'

/** Every format and how to load it. Only the formats asked for are loaded, so that start-up stays cheap. */
export const reporters: Readonly<Record<ReporterName, () => Promise<Reporter>>> = {
  terminal: async () => (await import('./terminal.ts')).terminal,
  json: async () => (await import('./json.ts')).json,
  markdown: async () => (await import('./markdown.ts')).markdown,
  codequality: async () => (await import('./codequality.ts')).codequality,
  sarif: async () => (await import('./sarif.ts')).sarif,
  junit: async () => (await import('./junit.ts')).junit,
  github: async () => (await import('./github.ts')).github,
  rdjson: async () => (await import('./rdjson.ts')).rdjson,
  html: async () => (await import('./html.ts')).html,
}

/** The reporter of that name. */
export function loadReporter(name: ReporterName): Promise<Reporter> {
  return reporters[name]()
}
