import { plainMessage, plainProof, plainReceipt } from './plain.ts'
import { printableLine } from './printable.ts'
import { repositoryPath } from './repository-path.ts'
import { count, describeAcceptance, describeLimit, openFindings, policyLines } from './words.ts'
import type { Finding, Report, Severity, Span } from '../core/model.ts'
import type { Reporter } from './reporter.ts'

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' }

/**
 * GitHub Actions workflow commands, a line per open finding and per limit, and one for all that are accepted. GitHub shows at most ten
 * annotations of each kind per step; the job log has them all.
 * @see https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
 */
export const github: Reporter = (report: Report): string => {
  const findings = openFindings(report.findings).map((finding) => findingCommand(report, finding))
  const limits = report.notChecked.map((limit) => {
    const { message, hint } = describeLimit(limit)
    const place = limit.span === undefined ? {} : position(report, limit.span)
    return command('notice', { ...place, title: `pgrehearse: not checked (${limit.code})` }, [
      message,
      ...(hint === undefined ? [] : [hint]),
    ])
  })
  const told = [...acceptedCommands(report), ...policyCommands(report)]
  return [...findings, ...limits, ...told].map((line) => `${line}\n`).join('')
}

/** All in one notice: GitHub shows ten, and open findings need them more. */
function acceptedCommands(report: Report): readonly string[] {
  const lines = report.findings.flatMap(({ allowed, message, ruleId, span }) => {
    if (allowed === undefined) return []
    const place = `${repositoryPath(report, span.file)}:${span.start.line}`
    const how = `${describeAcceptance(allowed)}: ${printableLine(allowed.reason)}`
    return [`${printableLine(place)} ${ruleId}: ${printableLine(message)} (${how})`]
  })
  if (lines.length === 0) return []
  return [command('notice', { title: `pgrehearse: ${count(lines.length, 'finding')} accepted` }, lines)]
}

function policyCommands(report: Report): readonly string[] {
  const lines = policyLines(report)
  return lines.length === 0
    ? []
    : [command('notice', { title: 'pgrehearse: decided by configuration' }, lines)]
}

function findingCommand(report: Report, finding: Finding): string {
  const remedy =
    finding.remedy === undefined
      ? []
      : [`Remedy: ${printableLine(finding.remedy.summary)}`, ...plainProof(finding.remedy)]
  return command(
    commands[finding.severity],
    { ...position(report, finding.span), title: `pgrehearse: ${finding.ruleId}` },
    [...plainMessage(report, finding), ...plainReceipt(report, finding), ...remedy],
  )
}

/** Columns are only taken when the annotation stays in one line. */
function position(report: Report, { file, start, end }: Span): Readonly<Record<string, string | number>> {
  const isOneLine = start.line === end.line
  const columns = isOneLine ? { col: start.column, endColumn: end.column } : {}
  return {
    file: printableLine(repositoryPath(report, file)),
    line: start.line,
    endLine: end.line,
    ...columns,
  }
}

function command(
  name: string,
  properties: Readonly<Record<string, string | number>>,
  lines: readonly string[],
): string {
  const settings = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
  return `::${name} ${settings.join(',')}::${escapeData(lines.join('\n'))}`
}

/** As the runner's own toolkit escapes (actions/toolkit, command.ts). */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
