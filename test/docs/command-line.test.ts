import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { gitlabJobs, gitlabOneJob } from '../../src/cli/init-gitlab.ts'
import { createProgram } from '../../src/cli/program.ts'

const docs = new URL('../../docs/', import.meta.url)

/** Puts texts between the marks of a page and compares the page with what is on disk. */
async function expectPage(name: string, texts: Readonly<Record<string, string>>): Promise<void> {
  const page = new URL(name, docs)
  let fresh = await readFile(page, 'utf8')
  for (const [mark, text] of Object.entries(texts)) {
    const [before = '', rest] = fresh.split(`<!-- generated:${mark} -->`)
    const end = rest?.indexOf('<!-- end generated -->') ?? -1
    expect(end, `${name} has lost its marks`).toBeGreaterThan(-1)
    fresh = `${before}<!-- generated:${mark} -->\n\n${text}\n\n${rest?.slice(end)}`
  }
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
  const rowsOf = (name: string): readonly string[] => {
    const command = program.commands.find((one) => one.name() === name)
    return (command?.options ?? []).map(
      ({ flags, description, argChoices }) =>
        `| \`${flags}\` | ${description}${argChoices === undefined ? '' : `: ${argChoices.join(', ')}`} |`,
    )
  }
  const [options, review] = [rowsOf('check'), rowsOf('review')]
  expect(options.length).toBeGreaterThan(10)
  expect(review.length).toBeGreaterThan(8)
  const table = (rows: readonly string[]): string =>
    ['| option | what it does |', '|---|---|', ...rows].join('\n')
  await expectPage('cli.md', { options: table(options), 'review-options': table(review) })
})

it('keeps the jobs in docs/gitlab.md equal to those that init writes', async () => {
  const jobs = gitlabJobs({ version: '0.1' })
  expect(Object.keys(parse(jobs) as object)).toEqual(['pgrehearse', 'pgrehearse-review'])
  await expectPage('gitlab.md', {
    job: yaml(jobs),
    'one-job': yaml(gitlabOneJob({ version: '0.1' })),
  })
})

function yaml(text: string): string {
  return `\`\`\`yaml\n${text}\`\`\``
}

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
