import { execFileSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Unavailable, type RealTool } from './tool.ts'

/** What came of one tool. */
export interface Outcome {
  readonly version: string
  readonly statements: number
  /** Empty when tool and pgrehearse agree. */
  readonly problems: readonly string[]
}

type Triable = Pick<RealTool, 'name' | 'needs' | 'installSeconds'>

/**
 * `[--seconds <n>] [tool…]`: tries the tools that the files of a folder export, the quickly installed ones first, and tells
 * of each. What cannot be had here is skipped, loudly. With --seconds no further tool is begun after so long.
 * @returns the exit status
 */
export async function tryAll<Tool extends Triable>(
  folder: URL,
  tryTool: (tool: Tool) => Promise<Outcome>,
): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string' } },
  })
  const endsAt = performance.now() + Number(values.seconds ?? 86_400) * 1000
  const tools = await chosenTools<Tool>(folder, positionals)
  const verdicts = { agrees: 0, 'does not': 0, skipped: 0 }
  for (const tool of tools) {
    const why =
      missingOf(tool) ?? (performance.now() > endsAt ? `the ${values.seconds} seconds are over` : undefined)
    const verdict = why === undefined ? await tryAndTell(tool, tryTool) : tellSkipped(tool, why)
    verdicts[verdict]++
  }
  say(
    `${verdicts.agrees} tools agree, ${verdicts['does not']} do not, ${verdicts.skipped} ${verdicts.skipped === 1 ? 'was' : 'were'} skipped`,
  )
  return verdicts['does not'] === 0 ? 0 : 1
}

type Verdict = 'agrees' | 'does not' | 'skipped'

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function chosenTools<Tool extends Triable>(
  folder: URL,
  names: readonly string[],
): Promise<readonly Tool[]> {
  const files = await readdir(folder)
  const all = await Promise.all(
    files.map(async (file) => {
      const { tool } = (await import(new URL(file, folder).href)) as { tool: Tool }
      return tool
    }),
  )
  const unknown = names.find((name) => !all.some((tool) => tool.name === name))
  if (unknown !== undefined)
    throw new Error(`There is no tool ${unknown}: ${all.map(({ name }) => name).join(', ')}`)
  const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
  return chosen.toSorted((a, b) => a.installSeconds - b.installSeconds)
}

function missingOf({ needs }: Triable): string | undefined {
  const missing = needs.filter((program) => !isThere(program))
  return missing.length > 0 ? `${missing.join(' and ')} is missing here` : undefined
}

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function tryAndTell<Tool extends Triable>(
  tool: Tool,
  tryTool: (tool: Tool) => Promise<Outcome>,
): Promise<Verdict> {
  try {
    const { version, statements, problems } = await tryTool(tool)
    say(`${problems.length === 0 ? 'ok' : 'DISAGREES'} ${tool.name} ${version}: ${statements} statements`)
    for (const problem of problems) say(`  ${problem}`)
    return problems.length === 0 ? 'agrees' : 'does not'
  } catch (error) {
    if (error instanceof Unavailable) return tellSkipped(tool, error.message)
    say(`FAILED ${tool.name}: ${error instanceof Error ? error.message : String(error)}`)
    return 'does not'
  }
}

function tellSkipped({ name }: Triable, why: string): Verdict {
  say(`SKIPPED ${name}: ${why}`)
  return 'skipped'
}
