/**
 * `npm run new-rule -- <id>`: copies rules/_template, and puts the rule into rules/index.ts.
 */
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Creates the folder of a new rule below `projectDir`, and gives its path. Throws where the id will not do. */
export async function createRule(id: string, projectDir: string = root): Promise<string> {
  if (!/^(require|avoid|prefer|ban)(-[a-z]+)+$/.test(id)) {
    throw new Error('A rule id is kebab-case and begins with require-, avoid-, prefer- or ban-.')
  }
  const folder = `${projectDir}/rules/${id}`
  if (existsSync(folder)) throw new Error(`rules/${id} exists already.`)
  await cp(`${projectDir}/rules/_template`, folder, { recursive: true })
  const { version } = JSON.parse(await readFile(`${projectDir}/package.json`, 'utf8')) as { version: string }
  const rule = await readFile(`${folder}/rule.ts`, 'utf8')
  const values = { __id__: id, __title__: titleOf(id), __version__: version }
  await writeFile(
    `${folder}/rule.ts`,
    rule.replaceAll(/__\w+__/g, (name) => values[name as keyof typeof values] ?? name),
  )
  await writeIndex(projectDir)
  return folder
}

function titleOf(id: string): string {
  const words = id.split('-').join(' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

async function writeIndex(projectDir: string): Promise<void> {
  const entries = await readdir(`${projectDir}/rules`, { withFileTypes: true })
  const ids = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map(({ name }) => name)
    .toSorted()
  const lines = [
    "import type { Rule } from '../src/rule.ts'",
    ...ids.map((id) => `import ${camelCase(id)} from './${id}/rule.ts'`),
    '',
    '/** The catalogue: every rule we bring, in alphabetical order. */',
    'export const rules: readonly Rule[] = [',
    ...ids.map((id) => `  ${camelCase(id)},`),
    ']',
    '',
  ]
  await writeFile(`${projectDir}/rules/index.ts`, lines.join('\n'))
}

function camelCase(id: string): string {
  return id.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const folder = await createRule(process.argv[2] ?? '')
    process.stdout.write(`${folder}\nNow write the rule, its examples and its page; then npm run docs.\n`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nUsage: npm run new-rule -- require-something\n`)
    process.exitCode = 2
  }
}
