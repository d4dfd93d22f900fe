import { createHash } from 'node:crypto'
import { receipt, statementReceipt, type Receipt } from './effects.ts'
import { codeFrame, sourceLines, type FrameLine } from './frame.ts'
import { affectedBlock, findingPlansHtml, queriesHtml, queriesStyle } from './html-queries.ts'
import { style as commonStyle } from './html-style.ts'
import { timelineFigure } from './html-timeline.ts'
import { Markup, markup } from './markup.ts'
import { cutText } from './markdown-text.ts'
import { migrationName } from './migration-of.ts'
import { askFirst, maxProof, proofWords, speedWords } from './preflight-words.ts'
import { printable } from './printable.ts'
import { basisLines, quietWords, runLines, totalMs } from './production-words.ts'
import { majorsWords, trialsTitle, trialWords } from './trial-words.ts'
import { harmlessSentences, waitLines } from './wait-words.ts'
import {
  count,
  countFindings,
  describeAcceptance,
  describeFile,
  describeLimit,
  describeRemedyStep,
  describeScope,
  describeTransaction,
  groupByFile,
  hasMeasured,
  hasQueries,
  location,
  severityRank,
  verdict,
  type FileGroup,
} from './words.ts'
import { isMeasuredTime, timeBasis, timeWords } from '../core/time-words.ts'
import type { Duration, Finding, Report, ReportMigration, ReportStatement } from '../core/model.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'

/** What every part of the page needs; `ids` are the anchors of the findings. */
interface Page {
  readonly report: Report
  readonly options: ReporterOptions
  readonly ids: ReadonlyMap<Finding, string>
}

/**
 * One self-contained page: no script, no external resource, and a content security policy that allows
 * nothing but its own style sheet. Works from a file, as a CI artifact, in light, dark and print.
 */
export const html: Reporter = (report: Report, options: ReporterOptions): string => {
  const ids = new Map(report.findings.map((finding, index) => [finding, `finding-${index + 1}`]))
  const page = { report, options, ids }
  const groups = groupByFile(report)
  const style = report.queries === undefined ? commonStyle : commonStyle + queriesStyle
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`
  const { passed, text } = verdict(report)
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${text} · pgrehearse</title>
<style>${new Markup(style)}</style>
</head>
<body>
<div class="page">
<header class="${passed ? 'passed' : 'failed'}">
<p class="tool">pgrehearse ${report.tool.version} · ${time(report.createdAt)}</p>
<h1>${text}</h1>
<p class="muted">${countFindings(report.findings)} · ${basis(report)}</p>
${overview(page)}
</header>
<main>
${groups.filter(({ findings }) => findings.length > 0).map((group) => fileSection(page, group))}
${quietSection(page, groups)}
${harmlessSection(report)}
${queriesHtml(report)}${trialsSection(report)}${notCheckedSection(report)}
${scopeSection(report)}
</main>
${footer(options)}
</div>
</body>
</html>
`.toString()
}

function basis(report: Report): string {
  if (report.migrations.length === 0 && hasQueries(report)) return 'queries of the application'
  const how = hasMeasured(report) ? 'measured by rehearsal' : 'predicted without a server'
  return `${count(report.migrations.length, 'migration')}, ${how}`
}

/** Every consequence at a glance, gravest first. */
function overview({ report, ids }: Page): Markup | undefined {
  const open = report.findings
    .filter(({ allowed }) => allowed === undefined)
    .toSorted((a, b) => severityRank(a.severity) - severityRank(b.severity))
  if (open.length === 0) return undefined
  return markup`<ol class="overview" aria-label="Findings, gravest first">${open.map(
    (finding) => markup`
<li class="${finding.severity}"><a href="#${ids.get(finding)}"><span class="severity">${finding.severity}</span><span class="what">${finding.message}</span><code class="where">${location(finding.span)}</code></a></li>`,
  )}
</ol>`
}

function fileSection(page: Page, group: FileGroup): Markup {
  const { name, migration, findings } = group
  return markup`
<section class="file" aria-label="${name}">
<h2><code>${name}</code></h2>
<p class="muted">${capital(describeFile(group))}</p>
${findings.map((finding) => findingArticle(page, finding))}
${migration === undefined ? undefined : timelineFigure(page.report, migration)}
${migration === undefined ? undefined : statementList(page.report, migration)}
</section>`
}

function findingArticle(page: Page, finding: Finding): Markup {
  const { allowed, severity } = finding
  const id = page.ids.get(finding)
  const kind = allowed === undefined ? severity : 'allowed'
  return markup`
<article class="finding ${kind}" id="${id}" aria-labelledby="${id}-title">
<span class="severity">${kind}</span>
<h3 id="${id}-title">${finding.message}</h3>
${waitLines(page.report, finding).map((line) => markup`<p class="wait">${line}</p>`)}${affectedBlock(finding)}
<p class="place"><code>${location(finding.span)}</code> · ${ruleLink(page, finding.ruleId)}${majorsPart(finding)}</p>
${allowed === undefined ? findingBody(page, finding) : allowedReason(allowed)}
</article>`
}

function allowedReason(allowed: NonNullable<Finding['allowed']>): Markup {
  return markup`<p class="small">${capital(describeAcceptance(allowed))}: ${allowed.reason}</p>`
}

function findingBody({ report }: Page, finding: Finding): Markup {
  return markup`${codeBlock(report, finding)}${sentBlock(finding)}
${receiptBlock(receipt(report, finding), finding.evidence)}
${remedyBlock(finding)}${preflightBlock(finding)}${findingPlansHtml(report, finding)}`
}

function majorsPart(finding: Finding): string {
  const majors = majorsWords(finding)
  return majors === undefined ? '' : ` · ${majors}`
}

/** What code sent, where the finding points into that code. */
function sentBlock({ sent }: Finding): Markup | undefined {
  if (sent === undefined) return undefined
  return markup`<p class="step">It sends:</p><pre tabindex="0" aria-label="The statement that was sent"><code>${sent.trim()}</code></pre>`
}

function codeBlock(report: Report, finding: Finding): Markup | undefined {
  const frame = codeFrame(report, finding)
  if (frame === undefined) return undefined
  const rest = (lines: number) =>
    lines === 0
      ? undefined
      : markup`<span class="n">⋮</span><span class="muted">… ${count(lines, 'more line')}</span>\n`
  return markup`<pre tabindex="0" aria-label="The statement"><code>${rest(frame.before)}${frame.lines.map(codeLine)}${rest(frame.after)}</code></pre>`
}

function codeLine({ number, text, marked, before }: FrameLine): Markup {
  const code = before === undefined || !text.startsWith(before) ? text : markWord(before, text)
  return markup`<span class="${marked ? 'at' : ''}"><span class="n">${number}</span>${code}</span>\n`
}

/** Marks the word that the server pointed at. */
function markWord(before: string, text: string): Markup {
  const rest = text.slice(before.length)
  const word = /^[\p{L}\p{N}_$]+|^./u.exec(rest)?.[0] ?? ''
  return markup`${before}<mark>${word}</mark>${rest.slice(word.length)}`
}

function receiptBlock({ effects, evidence, notes }: Receipt, kind: Finding['evidence']): Markup | undefined {
  if (effects.length + notes.length === 0) return undefined
  const badge = evidence === undefined ? undefined : markup`<span class="evidence ${kind}">${evidence}</span>`
  return markup`<div class="why"><h4>Why</h4>${badge}</div>
<ul class="receipt">${effects.map((line) => markup`<li>${line}</li>`)}</ul>
${notes.map((note) => markup`<p class="note">${note}</p>`)}`
}

function remedyBlock({ remedy }: Finding): Markup | undefined {
  if (remedy === undefined) return undefined
  const steps = remedy.migrations.map((step, index) => {
    const how = describeRemedyStep(step, index, remedy.migrations.length)
    const said = [how, step.note ?? ''].filter((text) => text !== '').join(': ')
    return markup`${said === '' ? undefined : markup`<p class="step">${capital(said)}</p>`}
<pre tabindex="0" aria-label="SQL to use instead"><code>${step.sql.trim()}</code></pre>`
  })
  const words = proofWords(remedy)
  const proof = words === undefined ? undefined : markup`<p class="proof">${cutText(words, maxProof)}</p>`
  return markup`<div class="remedy"><h4>Instead</h4><p>${remedy.summary}</p>${proof}${steps}</div>`
}

function preflightBlock({ preflight = [] }: Finding): readonly Markup[] {
  return preflight.map(
    (one) => markup`<div class="remedy"><h4>${askFirst}</h4><p>${one.question} (${speedWords(one)})</p>
<pre tabindex="0" aria-label="SQL to ask production"><code>${one.sql.trim()}</code></pre>
<p>${one.reading}</p></div>`,
  )
}

function statementList(report: Report, migration: ReportMigration): Markup {
  const lines = sourceLines(migration)
  const total = totalMs(migration.statements)
  const takes = total === undefined ? '' : `; ${describeTotal(total)}`
  return markup`<details><summary>${count(migration.statements.length, 'statement')} and what each does${takes}</summary>
<ol class="statements">${migration.statements.map((statement) => statementItem(report, statement, lines))}</ol></details>`
}

/** `in production about 3 s, estimated`, `3 s, measured on a clone of production (16.3, 410 GB)` */
function describeTotal(total: Duration): string {
  return `${isMeasuredTime(total) ? '' : 'in production '}${timeWords(total)}, ${printable(timeBasis(total))}`
}

function statementItem(report: Report, statement: ReportStatement, lines: readonly string[]): Markup {
  const { start } = statement.span
  const text = statement.sent?.trim().split('\n') ?? [(lines[start.line - 1] ?? '').slice(start.column - 1)]
  const first = printable((text[0] ?? '').slice(0, 160)).trim()
  const isOneLine = statement.sent === undefined ? statement.span.end.line === start.line : text.length === 1
  const { effects, evidence, notes } = statementReceipt(report, statement)
  const said = effects.length === 0 ? ['no lock on existing relations, no row read or written'] : effects
  return markup`
<li><span class="muted">line ${start.line}</span><code>${first}${isOneLine ? '' : ' …'}</code>
<ul class="receipt">${(statement.measured || effects.length > 0 ? said : ['not executed, and nothing is predicted']).map((line) => markup`<li>${line}</li>`)}</ul>
${evidence === undefined ? undefined : markup`<p class="evidence ${statement.measured ? 'measured' : ''}">${evidence}</p>`}
${notes.map((note) => markup`<p class="note">${capital(note)}</p>`)}</li>`
}

function quietSection(page: Page, groups: readonly FileGroup[]): Markup | undefined {
  const quiet = groups.flatMap(({ findings, migration }) =>
    findings.length === 0 && migration !== undefined ? [migration] : [],
  )
  if (quiet.length === 0) return undefined
  return markup`
<section aria-label="Migrations without findings">
<h2>Nothing found</h2>
<ul class="lines">${quiet.map(
    (migration) => markup`
<li><code>${migrationName(page.report, migration)}</code><br><span class="muted small">${capital(describeTransaction(migration))} · ${quietWords(page.report, migration)}</span>
${timelineFigure(page.report, migration)}
${statementList(page.report, migration)}</li>`,
  )}
</ul>
</section>`
}

function harmlessSection({ harmless }: Report): Markup | undefined {
  if (harmless.length === 0) return undefined
  const entries = harmless.map(
    (finding) => markup`
<li>${harmlessSentences(finding)}<br><code class="muted small">${location(finding.span)}</code></li>`,
  )
  return markup`
<section aria-label="Harmless at production's size">
<h2>Harmless at production's size</h2>
<ul class="lines">${entries}</ul>
</section>`
}

function trialsSection(report: Report): Markup | undefined {
  const trials = trialWords(report)
  if (trials.length === 0) return undefined
  const entries = trials.map(
    ({ title, about, says, lines }) => markup`
<li>${title}${about === '' ? undefined : markup` <code>${about}</code>`}: ${says}${
      lines.length === 0
        ? undefined
        : markup`<ul class="receipt">${lines.map((line) => markup`<li><code>${line}</code></li>`)}</ul>`
    }</li>`,
  )
  return markup`
<section aria-label="${trialsTitle}">
<h2>${trialsTitle}</h2>
<ul class="lines">${entries}</ul>
</section>`
}

function notCheckedSection({ notChecked }: Report): Markup | undefined {
  if (notChecked.length === 0) return undefined
  const entries = notChecked.map((limit) => {
    const { place, message, hint } = describeLimit(limit)
    return markup`
<li>${message}${hint === undefined ? undefined : markup`<br><span class="small">${hint}</span>`}${place === undefined ? undefined : markup`<br><code class="muted small">${place}</code>`}</li>`
  })
  return markup`
<section class="not-checked" aria-label="Not checked">
<h2>Not checked</h2>
<ul class="lines">${entries}</ul>
</section>`
}

function scopeSection(report: Report): Markup | undefined {
  if (report.migrations.length === 0 && !hasQueries(report)) return undefined
  const lines = [...describeScope(report), ...basisLines(report)]
  return markup`
${costSection(report)}
<section aria-label="What was checked">
<h2>What was checked</h2>
<ul class="lines">${lines.map((line) => markup`<li>${capital(line)}</li>`)}</ul>
</section>`
}

function costSection(report: Report): Markup | undefined {
  const lines = runLines(report)
  if (lines.length === 0) return undefined
  return markup`
<section aria-label="What it takes in production">
<h2>What it takes in production</h2>
<ul class="lines">${lines.map((line) => markup`<li>${capital(line)}</li>`)}</ul>
</section>`
}

function footer({ toolUrl }: ReporterOptions): Markup {
  const name = toolUrl === undefined ? markup`pgrehearse` : markup`<a href="${toolUrl}">pgrehearse</a>`
  return markup`<footer>Made by ${name}. Locks are shown from the statement that takes them to the commit that gives them back.</footer>`
}

function ruleLink({ options }: Page, ruleId: string): Markup {
  const url = options.ruleUrl?.(ruleId)
  return url === undefined ? markup`${ruleId}` : markup`<a href="${url}">${ruleId}</a>`
}

/** `2026-11-21 04:00 UTC`. */
function time(iso: string): Markup {
  const [, date = iso, clock = ''] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(iso) ?? []
  return markup`<time datetime="${iso}">${`${date} ${clock} UTC`}</time>`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
