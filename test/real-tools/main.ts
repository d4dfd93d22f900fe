/**
 * `npm run test:tools [-- [--seconds <n>] [tool…]]`: runs real migration tools on their sample repositories and says
 * where pgrehearse believes something else. What cannot be had here is skipped, loudly. With --seconds no further tool is
 * begun after so long.
 */
import { execFileSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadParser } from '../../src/sql/parse.ts'
import { tryTool } from './try-tool.ts'
import { Unavailable, type RealTool } from './tool.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' } },
})
const endsAt = performance.now() + Number(values.seconds ?? 86_400) * 1000

await loadParser()
const tools = await chosenTools(positionals)
let failed = 0
let skipped = 0
for (const tool of tools) {
  const why = reasonToSkip(tool)
  if (why === undefined) await tryAndTell(tool)
  else tellSkipped(tool, why)
}
say(`${tools.length - failed - skipped} tools agree, ${failed} do not, ${skipped} were skipped`)
process.exitCode = failed === 0 ? 0 : 1

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function chosenTools(names: readonly string[]): Promise<readonly RealTool[]> {
  const files = await readdir(new URL('tools/', import.meta.url))
  const all = await Promise.all(
    files.map(async (file) => {
      const { tool } = (await import(new URL(`tools/${file}`, import.meta.url).href)) as { tool: RealTool }
      return tool
    }),
  )
  const unknown = names.find((name) => !all.some((tool) => tool.name === name))
  if (unknown !== undefined)
    throw new Error(`There is no tool ${unknown}: ${all.map(({ name }) => name).join(', ')}`)
  const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
  return chosen.toSorted((a, b) => a.installSeconds - b.installSeconds)
}

function reasonToSkip({ needs }: RealTool): string | undefined {
  const missing = needs.filter((program) => !isThere(program))
  if (missing.length > 0) return `${missing.join(' and ')} is missing here`
  return performance.now() > endsAt ? `the ${values.seconds} seconds are over` : undefined
}

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function tryAndTell(tool: RealTool): Promise<void> {
  try {
    const { version, statements, problems } = await tryTool(tool)
    if (problems.length > 0) failed++
    say(`${problems.length === 0 ? 'ok' : 'DISAGREES'} ${tool.name} ${version}: ${statements} statements`)
    for (const problem of problems) say(`  ${problem}`)
  } catch (error) {
    if (error instanceof Unavailable) {
      tellSkipped(tool, error.message)
      return
    }
    failed++
    say(`FAILED ${tool.name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function tellSkipped({ name }: RealTool, why: string): void {
  skipped++
  say(`SKIPPED ${name}: ${why}`)
}
