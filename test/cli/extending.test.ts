import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/model.ts'
import { addFiles, folderWith, run } from './run.ts'

const page = await readFile(new URL('../../docs/extending.md', import.meta.url), 'utf8')

interface Block {
  readonly language: string
  readonly text: string
}

const blocks: readonly Block[] = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
  ([, language = '', text = '']) => ({ language, text }),
)

/** The files that blocks hold: their first line says which. */
function filesOf(...chosen: readonly (Block | undefined)[]): Record<string, string> {
  return Object.fromEntries(
    chosen.map((block) => {
      const [first = '', ...rest] = (block?.text ?? '').split('\n')
      return [first.replace(/^(?:\/\/|--) /, ''), rest.join('\n')]
    }),
  )
}

/** The repository of the page with its merge request; the configuration is as edited. */
async function repository(edit: (config: string) => string = (config) => config): Promise<string> {
  const [config, list, create, longerList, add] = blocks
  const cwd = await folderWith(filesOf(config, list, create))
  await addFiles(cwd, { 'pgrehearse.config.ts': edit(config?.text ?? '') })
  const git = (...args: readonly string[]): void =>
    void execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd,
      stdio: 'pipe',
    })
  git('init', '--quiet', '--initial-branch', 'main')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'main')
  git('switch', '--quiet', '--create', 'feature')
  await addFiles(cwd, filesOf(longerList, add))
  return cwd
}

describe('docs/extending.md', () => {
  it('has an example whose rule, source and reporter do what the page says', async () => {
    const cwd = await repository()
    const { exitCode, stdout, stderr } = await run(['check', '--format', 'chat'], { cwd })
    expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 1, stdout: blocks.at(-1)?.text })
  })

  it('lets the report be written beside ours, and says which formats there are', async () => {
    const cwd = await repository()
    const { stdout } = await run(['lint', '--format', 'chat:out/chat.txt', '--format', 'json'], { cwd })
    const report = JSON.parse(stdout) as Report
    expect(report.migrations.map(({ file, transaction }) => [file, transaction.why])).toEqual([
      ['db/changes/add-total.sql', 'our deploy script'],
    ])
    expect(await readFile(`${cwd}/out/chat.txt`, 'utf8')).toBe(blocks.at(-1)?.text)
    const unknown = await run(['lint', '--format', 'chta'], { cwd })
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '' })
    expect(unknown.stderr).toContain('Did you mean "chat"?')
  })

  it.each([
    [
      'return `${mark}',
      "throw new Error('no chat') ; `${mark}",
      'The reporter chat of the configuration failed: no chat',
    ],
    [
      'return `${mark}',
      'return 5 as unknown as string ; `${mark}',
      'The reporter chat of the configuration gives no text.',
    ],
  ])('says whose fault it is when the reporter fails', async (from, to, message) => {
    const cwd = await repository((config) => config.replace(from, to))
    const { exitCode, stderr } = await run(['lint', '--format', 'chat'], { cwd })
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`error: ${message}`)
  })
})
