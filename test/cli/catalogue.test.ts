import { describe, expect, it } from 'vitest'
import { rules } from '../../rules/index.ts'
import { reservedFindings } from '../../src/judge/reserved.ts'
import { folderWith, run } from './run.ts'

describe('rules', () => {
  it('lists every rule and every finding of the engine', async () => {
    const { exitCode, stdout } = await run(['rules'], { cwd: await folderWith() })
    expect(exitCode).toBe(0)
    const lines = stdout.split('\n')
    for (const { id, severity, title } of [...rules, ...reservedFindings]) {
      const found = lines.filter((line) => line.startsWith(`${id} `))
      expect(found.map((line) => line.split(/ {2,}/))).toEqual([[id, severity, title]])
    }
  })

  it('lists them as JSON', async () => {
    const { stdout } = await run(['rules', '--format', 'json'], { cwd: await folderWith() })
    const listed = JSON.parse(stdout) as readonly { id: string; reserved: boolean }[]
    expect(listed.filter(({ reserved }) => !reserved).map(({ id }) => id)).toEqual(rules.map(({ id }) => id))
    expect(listed.find(({ id }) => id === 'require-comment')).toMatchObject({
      preset: 'strict',
      options: { columns: { type: 'boolean', default: false } },
    })
    expect(listed.find(({ id }) => id === 'migration-fails')).toEqual({
      id: 'migration-fails',
      severity: 'error',
      title: 'The migration fails',
      reserved: true,
    })
  })

  it('lists those of one preset', async () => {
    const { stdout } = await run(['rules', '--preset', 'security', '--format', 'json'], {
      cwd: await folderWith(),
    })
    const listed = JSON.parse(stdout) as readonly { id: string }[]
    expect(listed.map(({ id }) => id)).toEqual(
      rules.filter(({ preset }) => preset === 'security').map(({ id }) => id),
    )
    expect(listed.length).toBeGreaterThan(0)
  })
})

describe('explain', () => {
  it('prints the page of a rule', async () => {
    const { exitCode, stdout, stderr } = await run(['explain', 'require-concurrent-index'], {
      cwd: await folderWith(),
    })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^\S/)
    expect(stdout).toContain('CREATE INDEX CONCURRENTLY')
    expect(stdout).not.toContain('<!--')
  })

  it('explains the findings of the engine', async () => {
    const { exitCode, stdout } = await run(['explain', 'needless-allow'], { cwd: await folderWith() })
    expect(exitCode).toBe(0)
    expect(stdout).toMatchInlineSnapshot(`
      "needless-allow

      An allow comment accepts nothing. Severity: warning. Found by pgrehearse itself, not by a rule.

      The statement below the comment has no finding of that rule (any more), or there is no statement
      below it. Remove the comment, so that it cannot hide a finding later.
      "
    `)
  })

  it('names the rule that was meant', async () => {
    const { exitCode, stdout, stderr } = await run(['explain', 'require-concurent-index'], {
      cwd: await folderWith(),
    })
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatchInlineSnapshot(`
      "error: No rule is called "require-concurent-index".
      hint:  Did you mean require-concurrent-index? \`pgrehearse rules\` lists all rules.
      "
    `)
  })

  it('takes no path for a rule', async () => {
    const { exitCode, stderr } = await run(['explain', '../package.json'], { cwd: await folderWith() })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('No rule is called "../package.json".')
  })
})
