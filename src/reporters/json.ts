import { wellFormed } from './printable.ts'
import type { Report } from '../core/model.ts'
import type { Reporter } from './reporter.ts'

/** The report as it stands, for programs; described by schemas/report.schema.json. */
export const json: Reporter = (report: Report): string => formatJson(report)

/** Indented JSON that any UTF-8 reader takes: lone surrogates, which strict parsers refuse, become U+FFFD. */
export function formatJson(value: unknown): string {
  const replacer = (_key: string, part: unknown) => (typeof part === 'string' ? wellFormed(part) : part)
  return `${JSON.stringify(value, replacer, 2)}\n`
}
