import type pc from 'picocolors'
import type { FixOutcome, LaterStep } from '../fix-run.ts'
import { diffLines, type DiffLine } from '../fix/diff-text.ts'
import { printable, printableLine } from '../reporters/printable.ts'
import { count, countFindings, location, openFindings } from '../reporters/words.ts'
import { withoutItsSecrets } from '../without-secrets.ts'
import type { FileToWrite } from './project-files.ts'

type Colors = ReturnType<typeof pc.createColors>

/** What changes, as a unified diff; with stars for the secrets of the files, because logs are read by many. */
export function diffText(files: readonly FileToWrite[], colors: Colors): string {
  const paint: Readonly<Record<DiffLine['kind'], (text: string) => string>> = {
    file: colors.bold,
    place: colors.cyan,
    added: colors.green,
    removed: colors.red,
    same: (text) => text,
  }
  const decode = (bytes: Uint8Array): string => withoutItsSecrets(new TextDecoder().decode(bytes))
  return files
    .map(({ path, before, after }) => {
      const lines = diffLines({
        path: printableLine(path),
        before: before === undefined ? undefined : decode(before),
        after: decode(after),
      })
      return `${lines.map(({ kind, text }) => paint[kind](printable(text))).join('\n')}\n\n`
    })
    .join('')
}

/** What is fixed, what remains to be done later, and what was not fixed for which reason. */
export function fixText(outcome: FixOutcome): string {
  const { fixed, later, notFixed, report } = outcome
  const lines: string[] = []
  if (fixed.length > 0) {
    lines.push(`Fixed ${count(fixed.length, 'finding')}:`)
    for (const { ruleId, span, message } of fixed)
      lines.push(`  ✓ ${printableLine(location(span))} ${ruleId}: ${printableLine(message)}`)
  }
  lines.push(...laterLines(later))
  if (notFixed.length > 0) {
    lines.push('Not fixed:')
    for (const { finding, why } of notFixed)
      lines.push(
        `  • ${printableLine(location(finding.span))} ${finding.ruleId}: ${printableLine(withoutItsSecrets(why))}`,
      )
  }
  const left = openFindings(report.findings)
  if (fixed.length + notFixed.length === 0 && left.length === 0) lines.push('There is nothing to fix.')
  else if (left.length > 0) lines.push(`Left: ${countFindings(left)}.`)
  return `${lines.join('\n')}\n`
}

function laterLines(later: readonly LaterStep[]): readonly string[] {
  return later.flatMap(({ finding, step: { sql, when, note, transaction } }) => [
    `To do ${when === 'next release' ? 'with the next release' : (when ?? 'later')}, for ${finding.ruleId} in ${printableLine(location(finding.span))}${transaction ? '' : ', outside of a transaction'}${note === undefined ? '' : ` (${printableLine(note)})`}:`,
    ...printable(sql)
      .trimEnd()
      .split('\n')
      .map((line) => `    ${line}`),
  ])
}

/** The last line. */
export function writtenText(files: string, isDryRun: boolean): string {
  return isDryRun ? `Nothing was written: that would change ${files}.\n` : `Wrote ${files}.\n`
}
