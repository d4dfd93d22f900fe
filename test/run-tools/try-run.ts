import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Report, ReportStatement } from '../../src/core/model.ts'
import { root } from '../real-tools/execute.ts'
import { installed } from '../real-tools/kept-tools.ts'
import type { Outcome } from '../real-tools/try-all.ts'
import { compareEffects } from './compare-effects.ts'
import { compareFindings, expectedOf, type ExpectedFinding } from './compare-findings.ts'
import { checkByCommand, checkByFiles } from './pgrehearse.ts'
import { projectOf } from './project.ts'
import type { RunTool } from './tool.ts'

/** Has `pgrehearse check` run the tool in its project, and compares what it says with what it should. */
export async function tryRun(tool: RunTool): Promise<Outcome> {
  const { version, folder } = await installed(tool)
  await using project = await projectOf(tool, folder)
  const report = await checkByCommand(project)
  const statements = report.migrations.flatMap((migration) => migration.statements)
  return {
    version,
    statements: statements.length,
    problems: [
      ...(await findingsProblems(tool, report)),
      ...wayDownProblems(report, await readFile(path.join(project.dir, 'pgrehearse.config.yaml'), 'utf8')),
      ...recordingProblems(report, statements, (file) => existsSync(path.join(project.dir, file))),
      ...(tool.readFromFiles ? differences(report, await checkByFiles(project)) : []),
    ],
  }
}

/** Where a check of the files says something else. */
function differences(report: Report, byFiles: Report): readonly string[] {
  const recorded = byFiles.migrations.filter(({ recorded: command }) => command !== undefined)
  // what comes after a failure is the command's own doing, and for psql nobody says how files are run
  const found = report.findings.filter(({ ruleId }) => ruleId !== 'unsafe-retry')
  const foundInFiles = byFiles.findings.filter(({ ruleId }) => ruleId !== 'unsafe-retry')
  return [
    ...recorded.map(({ file }) => `${file} should have been read from the file`),
    ...compareFindings(foundInFiles.map(expectedOf), found).map((line) => `compared with its files, ${line}`),
    ...compareEffects(report.migrations, byFiles.migrations),
  ]
}

/** `UPDATE_EXPECTED=1` writes what was found, for somebody to read. */
async function findingsProblems({ name }: RunTool, { findings }: Report): Promise<readonly string[]> {
  const file = path.join(root, 'fixtures', 'tools', name, 'expected.json')
  if (process.env['UPDATE_EXPECTED'] !== undefined) {
    const lines = findings.map((finding) => `  ${JSON.stringify(expectedOf(finding))}`)
    await writeFile(file, `[\n${lines.join(',\n')}\n]\n`)
  }
  return compareFindings(JSON.parse(await readFile(file, 'utf8')) as readonly ExpectedFinding[], findings)
}

/** What it says stands in `expected.json`; here it is whether it was tried at all. */
function wayDownProblems({ trials = [] }: Report, config: string): readonly string[] {
  if (!/^ +down:/m.test(config)) return []
  const told = trials.filter(({ kind }) => kind === 'way down')
  if (told.length === 0) return ['the way down was not tried']
  return told.filter(({ outcome }) => outcome === 'not tried').map(({ says }) => says)
}

function recordingProblems(
  report: Report,
  statements: readonly ReportStatement[],
  isThere: (file: string) => boolean,
): readonly string[] {
  const notRecorded = report.migrations.filter(({ recorded }) => recorded === undefined)
  // one that failed takes those behind it in its transaction along
  const notMeasured = statements.filter(({ measured }) => !measured)
  return [
    ...(statements.length === 0 ? ['no statement was recorded'] : []),
    ...report.migrations
      .filter(({ file }) => !isThere(file))
      .map(({ id, file }) => `${id ?? file} stands for statements that come from no file`),
    ...notRecorded.map(({ file }) => `${file} was read from the file`),
    ...notMeasured.map(({ span, sent }) => `${span.file}:${span.start.line} was not measured: ${sent ?? ''}`),
    ...report.notChecked
      .filter(({ code }) => code !== 'depends-on-data')
      .map(({ code, message }) => `${code}: ${message}`),
    ...report.migrations
      .filter(({ outcome }) => outcome !== 'rehearsed' && outcome !== 'failed')
      .map(({ file, outcome }) => `${file} was ${outcome}`),
  ]
}
