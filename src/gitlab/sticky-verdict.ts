import { codeSpan, cutText } from '../reporters/markdown-text.ts'
import { count, countFindings, describeServer, isBlocking, list } from '../reporters/words.ts'
import { isOpen, unrehearsed } from './gate.ts'
import type { Report } from '../core/model.ts'
import type { ReviewedFinding, StickyContent } from './model.ts'

/** The first lines of the sticky note: did it pass, what was found, what people accepted. */
export function verdictLines(content: StickyContent): readonly string[] {
  const { report, findings, passed, policy } = content
  const open = findings.filter(isOpen)
  const name = isUsualName(policy.name) ? 'pgrehearse' : `pgrehearse ${codeSpan(cutText(policy.name, 40))}`
  const unmeasured = describeMissed(report)
  const found = countFindings(open.map(({ finding }) => finding))
  const asides = describeAsides(findings)
  const more = asides === '' ? [] : [asides]
  if (!passed) {
    const why = open.length > 0 ? found : unmeasured === '' ? 'see what was not checked' : unmeasured
    return [
      `### ❌ ${name} failed: ${why}`,
      ...more,
      ...(findings.length === 0 ? [describeChecked(report)] : []),
    ]
  }
  if (findings.length === 0) {
    const title = unmeasured === '' ? 'all clear' : `passed, but ${unmeasured}`
    return [`### ${unmeasured === '' ? '✅' : '⚠️'} ${name}: ${title}`, describeChecked(report)]
  }
  const but = unmeasured === '' ? '' : `, but ${unmeasured}`
  return [
    `### ${but === '' ? '✅' : '⚠️'} ${name} passed: ${open.length === 0 ? 'nothing open' : found}${but}`,
    ...doesNotFail(open),
    ...more,
  ]
}

/** Migrations that ran on no server; where nobody asked for a server, only if the settings require it. */
function describeMissed(report: Report): string {
  const failed = report.migrations.filter(({ outcome }) => outcome === 'not rehearsed').length
  if (failed > 0) return `${count(failed, 'migration')} could not be rehearsed`
  const missed = report.settings.requireRehearsal ? unrehearsed(report).length : 0
  return missed === 0 ? '' : `${count(missed, 'migration')} not rehearsed`
}

function doesNotFail(open: readonly ReviewedFinding[]): readonly string[] {
  const errors = open.filter(({ finding }) => isBlocking(finding, 'error')).length
  return errors === 0 ? [] : ['This job is set up not to fail for them.']
}

/** `Not counted: 1 accepted in a comment and 2 allowed in the SQL.` */
function describeAsides(findings: readonly ReviewedFinding[]): string {
  const of = (standing: ReviewedFinding['standing']): number =>
    findings.filter((each) => each.standing === standing).length
  const accepted = of('accepted')
  const closed = findings.filter((each) => each.standing !== 'accepted' && !isOpen(each))
  const listed = closed.filter(({ finding }) => finding.allowed?.baseline !== undefined).length
  const allowed = closed.length - listed
  const acknowledged = of('acknowledged')
  const parts = [
    ...(accepted > 0 ? [`${accepted} accepted in a comment`] : []),
    ...(allowed > 0 ? [`${allowed} allowed in the SQL`] : []),
    ...(listed > 0 ? [`${listed} accepted in the baseline`] : []),
  ]
  return [
    ...(parts.length > 0 ? [`Not counted: ${list(parts)}.`] : []),
    ...(acknowledged > 0
      ? [`Counted: ${acknowledged} whose thread was resolved without accepting the finding.`]
      : []),
  ].join(' ')
}

/** What was looked at, in one sentence. */
function describeChecked(report: Report): string {
  const { migrations } = report
  if (migrations.length === 0) return 'This merge request changes no migration.'
  const statements = migrations.flatMap((migration) => migration.statements)
  const measured = statements.filter((statement) => statement.measured).length
  const server = codeSafeServer(report)
  const how =
    measured === 0
      ? 'predicted without a server'
      : measured === statements.length
        ? `measured on ${server}`
        : `${measured} measured on ${server}, ${statements.length - measured} predicted`
  return `Nothing found in ${count(migrations.length, 'migration')} with ${count(statements.length, 'statement')}: ${how}.`
}

function codeSafeServer(report: Report): string {
  const words = describeServer(report)
  return /^[\w .()]+$/.test(words) ? words : codeSpan(cutText(words, 100))
}

function isUsualName(name: string): boolean {
  return name === 'default' || name === 'pgrehearse'
}
