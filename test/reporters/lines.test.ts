import { describe, expect, it } from 'vitest'
import { loadReporter, type ReporterName } from '../../src/reporters/index.ts'
import { queriesReport as sampleReport } from './sample-queries.ts'
import { parseXml, type XmlElement } from './xml.ts'

const escape = String.fromCodePoint(0x1b)

/** Wide enough that no line of the terminal wraps. */
const options = { color: false, width: 1000 }
const all = sampleReport.findings
const open = all.filter(({ allowed }) => allowed === undefined)
const lineOf = ({ span }: (typeof all)[number]) => span.start.line

async function render(name: ReporterName): Promise<string> {
  return (await loadReporter(name))(sampleReport, options)
}

const numbers = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, line]) => Number(line))

describe('the line of a finding is the same in', () => {
  it('terminal', async () => {
    expect(numbers(await render('terminal'), /^ {11}\S.*:(\d+):\d+ {2}[a-z-]+$/gm)).toEqual(all.map(lineOf))
  })

  it('terminal, on the marked line of the code frame', async () => {
    const { terminal } = await import('../../src/reporters/terminal.ts')
    const text = terminal(sampleReport, { ...options, color: true })
    // Only the marked line has a coloured, bold gutter.
    const framed = open.filter(
      ({ span, query }) =>
        query !== undefined || sampleReport.migrations.some(({ file }) => file === span.file),
    )
    const marked = new RegExp(`^${escape}\\[1m${escape}\\[3\\dm +(\\d+) │`, 'gm')
    expect(numbers(text, marked)).toEqual(framed.map(lineOf))
  })

  it('json', async () => {
    const { findings } = JSON.parse(await render('json')) as typeof sampleReport
    expect(findings.map(lineOf)).toEqual(all.map(lineOf))
  })

  it('markdown', async () => {
    expect(numbers(await render('markdown'), /^`+ ?.*?:(\d+) ?`+ · /gm)).toEqual(all.map(lineOf))
  })

  it('codequality', async () => {
    const entries = JSON.parse(await render('codequality')) as { location: { lines: { begin: number } } }[]
    expect(entries.map(({ location }) => location.lines.begin)).toEqual(open.map(lineOf))
  })

  it('sarif', async () => {
    const text = await render('sarif')
    const results = text.slice(text.indexOf('"results"'))
    expect(numbers(results, /"startLine": (\d+),\s+"startColumn"/g)).toEqual(all.map(lineOf))
  })

  it('junit', async () => {
    const cases = parseXml(await render('junit')).children.flatMap((suite: XmlElement) => suite.children)
    const lines = cases.filter(
      ({ attributes }) => !/^(no(t check|thing found)|queries checked$)/.test(attributes['name'] ?? ''),
    )
    expect(lines.map(({ attributes }) => Number(attributes['line']))).toEqual(all.map(lineOf))
  })

  it('github', async () => {
    const findings = (await render('github')).split('\n').filter((line) => !line.includes('not checked'))
    expect(numbers(findings.join('\n'), /^::\w+ file=.*?,line=(\d+),/gm)).toEqual(open.map(lineOf))
  })

  it('rdjson', async () => {
    const { diagnostics } = JSON.parse(await render('rdjson')) as {
      diagnostics: { location: { range: { start: { line: number } } } }[]
    }
    expect(diagnostics.map(({ location }) => location.range.start.line)).toEqual(open.map(lineOf))
  })

  it('html', async () => {
    expect(numbers(await render('html'), /<p class="place"><code>.*:(\d+):\d+<\/code>/g)).toEqual(
      all.map(lineOf),
    )
  })
})
