import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { gitlabJobs, gitlabOneJob } from '../../src/cli/init-gitlab.ts'
import { createProgram } from '../../src/cli/program.ts'

const docs = new URL('../../docs/', import.meta.url)

/** Puts text between the marks of a page and compares the page with what is on disk. */
async function expectPage(name: string, mark: string, text: string): Promise<void> {
  const page = new URL(name, docs)
  const [before, rest] = (await readFile(page, 'utf8')).split(`<!-- generated:${mark} -->`)
  const after = rest?.split('<!-- end generated -->')[1]
  expect(after, `${name} has lost its marks`).toBeDefined()
  const fresh = `${before}<!-- generated:${mark} -->\n\n${text}\n\n<!-- end generated -->${after}`
  await expect(fresh).toMatchFileSnapshot(page.pathname)
}

it('keeps the options in docs/cli.md equal to those of the program', async () => {
  const program = createProgram({
    version: '0',
    context: () => {
      throw new Error('no command is run here')
    },
    writeOut: () => {},
    done: () => {},
  })
  const check = program.commands.find((command) => command.name() === 'check')
  const rows = (check?.options ?? []).map(
    ({ flags, description, argChoices }) =>
      `| \`${flags}\` | ${description}${argChoices === undefined ? '' : `: ${argChoices.join(', ')}`} |`,
  )
  expect(rows.length).toBeGreaterThan(10)
  await expectPage('cli.md', 'options', ['| option | what it does |', '|---|---|', ...rows].join('\n'))
})

it('keeps the jobs in docs/gitlab.md equal to those that init writes', async () => {
  const jobs = gitlabJobs({ version: '0.1' })
  expect(Object.keys(parse(jobs) as object)).toEqual(['pgrehearse', 'pgrehearse-review'])
  await expectPage('gitlab.md', 'job', `\`\`\`yaml\n${jobs}\`\`\``)
  await expectPage('gitlab.md', 'one-job', `\`\`\`yaml\n${gitlabOneJob({ version: '0.1' })}\`\`\``)
})

it('documents every exit code in docs/cli.md', async () => {
  const { exitCodes } = await import('../../src/cli/exit.ts')
  const page = await readFile(new URL('cli.md', docs), 'utf8')
  for (const code of Object.values(exitCodes)) expect(page).toContain(`| ${code} |`)
})

it('has a pipeline of its own that is YAML with the jobs we name', async () => {
  const text = await readFile(new URL('../.gitlab-ci.yml', docs), 'utf8')
  expect(Object.keys(parse(text) as object)).toEqual(
    expect.arrayContaining(['check', 'replay', 'pack', 'migrations', 'migrations-review']),
  )
})
