/** Which migration of a report a place belongs to: a file may hold several. */

import type { Report, ReportMigration, Span } from '../core/model.ts'

const known = new WeakMap<Report, ReadonlyMap<string, readonly ReportMigration[]>>()

/** The migrations by their files, in the order of their texts; remembered, because every finding asks. */
function migrationsByFile(report: Report): ReadonlyMap<string, readonly ReportMigration[]> {
  const remembered = known.get(report)
  if (remembered !== undefined) return remembered
  const byFile = new Map<string, ReportMigration[]>()
  for (const migration of report.migrations) {
    const ofFile = byFile.get(migration.file)
    if (ofFile === undefined) byFile.set(migration.file, [migration])
    else ofFile.push(migration)
  }
  for (const ofFile of byFile.values()) ofFile.sort((a, b) => firstOffset(a) - firstOffset(b))
  known.set(report, byFile)
  return byFile
}

function firstOffset({ statements }: ReportMigration): number {
  return statements[0]?.span.start.offset ?? 0
}

/**
 * The migration that a finding or limit is about; undefined for other files. Of several in a file it is the first that
 * ends behind the place, so comments belong to the statement below them.
 */
export function migrationOf(report: Report, { span }: { readonly span: Span }): ReportMigration | undefined {
  const ofFile = migrationsByFile(report).get(span.file) ?? []
  const at = span.start.offset
  const isBefore = ({ statements }: ReportMigration): boolean =>
    (statements.at(-1)?.span.end.offset ?? -1) < at
  return ofFile.find((migration) => !isBefore(migration)) ?? ofFile.at(-1)
}

/** The migration's file, with its title where the report has others of that file: `db/changelog.sql (alice:3)`. */
export function migrationName(
  report: Report,
  { file, title }: ReportMigration,
  nameOf: (file: string) => string = (path) => path,
): string {
  const isOneOfSeveral = (migrationsByFile(report).get(file) ?? []).length > 1
  return isOneOfSeveral ? `${nameOf(file)} (${title})` : nameOf(file)
}
