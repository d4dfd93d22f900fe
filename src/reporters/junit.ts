import { plainFinding } from './plain.ts'
import { migrationOf } from './migration-of.ts'
import { printableLine } from './printable.ts'
import { markup, type Markup } from './markup.ts'
import { plainPieces } from './pieces.ts'
import { quietWords } from './production-words.ts'
import { queriesSection, queriesTitle } from './queries-section.ts'
import { repositoryPath } from './repository-path.ts'
import {
  describeAcceptance,
  describeLimit,
  groupByFile,
  isBlocking,
  limitSentence,
  policyLines,
  type FileGroup,
} from './words.ts'
import type { Finding, Limit, Report } from '../core/model.ts'
import type { Reporter } from './reporter.ts'

/** One testcase and how it ends. */
interface TestCase {
  readonly name: string
  readonly line?: number
  readonly result: 'passed' | 'failed' | 'skipped'
  readonly type?: string
  readonly text: string
}

/**
 * JUnit XML, as GitLab's parser reads it (`artifacts:reports:junit`): a suite per file, a test case
 * per finding. Findings at or above --fail-on fail, lesser ones pass with their text as output, allowed
 * ones and what was not checked are skipped. No times: nobody would learn from them.
 * @see https://docs.gitlab.com/ci/testing/unit_test_reports/
 */
export const junit: Reporter = (report: Report): string => {
  const groups = groupByFile(report)
  const files = new Set(groups.map(({ file }) => file))
  const suites = groups.map((group) => {
    const limits = report.notChecked.filter(
      ({ span }) =>
        span !== undefined && span.file === group.file && migrationOf(report, { span }) === group.migration,
    )
    return suite(
      group.name,
      [...fileCases(report, group), ...limits.map(limitCase)],
      repositoryPath(report, group.file),
    )
  })
  const others = report.notChecked.filter(({ span }) => span === undefined || !files.has(span.file))
  const queries = queriesCases(report)
  const policy = policyCases(report)
  const all = [
    ...suites,
    ...(queries.length === 0 ? [] : [suite(titleOf(report, queriesTitle), queries)]),
    ...(policy.length === 0 ? [] : [suite(titleOf(report, 'configuration'), policy)]),
    ...(others.length === 0 ? [] : [suite(titleOf(report, 'not checked'), others.map(limitCase))]),
  ]
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="pgrehearse" tests="${sum(all, 'tests')}" failures="${sum(all, 'failures')}" errors="0" skipped="${sum(all, 'skipped')}">
${all.map(({ xml }) => xml)}</testsuites>
`.toString()
}

/** Suites that are called after no file are kept apart where there are several databases. */
function titleOf({ database }: Report, title: string): string {
  return database === undefined ? title : `${database}: ${title}`
}

interface Suite {
  readonly xml: Markup
  readonly tests: number
  readonly failures: number
  readonly skipped: number
}

/** `path`: where CI systems look for the file, when it is another name than the suite's. */
function suite(title: string, cases: readonly TestCase[], path = title): Suite {
  const name = printableLine(title)
  const file = printableLine(path)
  const failures = cases.filter(({ result }) => result === 'failed').length
  const skipped = cases.filter(({ result }) => result === 'skipped').length
  const xml = markup`  <testsuite name="${name}" tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}">
${unique(cases).map((testCase) => caseXml(name, file, testCase))}  </testsuite>
`
  return { xml, tests: cases.length, failures, skipped }
}

function fileCases(report: Report, { findings, migration }: FileGroup): readonly TestCase[] {
  if (findings.length > 0 || migration === undefined) {
    return findings.map((finding) => findingCase(report, finding))
  }
  const text = quietWords(report, migration)
  return [{ name: 'nothing found', result: 'passed', text }]
}

function findingCase(report: Report, finding: Finding): TestCase {
  const { allowed } = finding
  return {
    name: `${finding.ruleId}: ${printableLine(finding.message)}`,
    line: finding.span.start.line,
    result:
      allowed === undefined ? (isBlocking(finding, report.settings.failOn) ? 'failed' : 'passed') : 'skipped',
    type: finding.ruleId,
    text:
      (allowed === undefined ? '' : `${describeAllowed(allowed)}: ${printableLine(allowed.reason)}\n\n`) +
      plainFinding(report, finding),
  }
}

/** `allowed`, and more only where more is known. */
function describeAllowed(allowed: NonNullable<Finding['allowed']>): string {
  const { author, baseline } = allowed
  return author === undefined && baseline === undefined ? 'allowed' : describeAcceptance(allowed)
}

/** What the configuration decides, which is no finding: a case that passes. */
function policyCases(report: Report): readonly TestCase[] {
  const lines = policyLines(report)
  if (lines.length === 0) return []
  return [{ name: 'decided by configuration', result: 'passed', text: lines.join('\n') }]
}

function limitCase(limit: Limit): TestCase {
  const { hint } = describeLimit(limit)
  const text = limitSentence(limit)
  return {
    name: `not checked (${limit.code}): ${text}`,
    ...(limit.span === undefined ? {} : { line: limit.span.start.line }),
    result: 'skipped',
    text: hint === undefined ? text : `${text}\n${hint}`,
  }
}

/** What was checked of the application's queries, and the first that cannot be; findings have cases of their own. */
function queriesCases(report: Report): readonly TestCase[] {
  const section = queriesSection(report)
  if (section === undefined) return []
  const { counts, facts, notCheckable } = section
  return [
    { name: 'queries checked', result: 'passed', text: [counts, ...facts.map(plainPieces)].join('\n') },
    ...notCheckable
      .map(plainPieces)
      .map((text): TestCase => ({ name: `not checkable: ${text}`, result: 'skipped', text })),
  ]
}

/** GitLab keys test cases by suite, class and name and keeps one of equals: repeat names get a number. */
function unique(cases: readonly TestCase[]): readonly TestCase[] {
  const seen = new Map<string, number>()
  return cases.map((testCase) => {
    const times = (seen.get(testCase.name) ?? 0) + 1
    seen.set(testCase.name, times)
    return times === 1 ? testCase : { ...testCase, name: `${testCase.name} (${times})` }
  })
}

function caseXml(suiteName: string, file: string, { name, line, result, type, text }: TestCase): Markup {
  const place = line === undefined ? undefined : markup` line="${line}"`
  const kind = markup` type="${type ?? 'pgrehearse'}"`
  const body = {
    passed: markup`<system-out>${text}</system-out>`,
    failed: markup`<failure message="${name}"${kind}>${text}</failure>`,
    // The text, not a message attribute, is what GitLab keeps.
    skipped: markup`<skipped>${text}</skipped>`,
  }[result]
  return markup`    <testcase classname="${suiteName}" name="${name}" file="${file}"${place}>${body}</testcase>
`
}

function sum(suites: readonly Suite[], key: 'tests' | 'failures' | 'skipped'): number {
  return suites.map((each) => each[key]).reduce((total, number) => total + number, 0)
}
