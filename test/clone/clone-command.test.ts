import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  createClone,
  urlIn,
  withoutPasswords,
  type CloneCommands,
  type CreatedClone,
} from '../../src/postgres/clone-command.ts'
import { temporaryFolder } from '../review/repository.ts'

const url = 'postgresql://app:s3cr%2Ft@db.example:5432/shop?sslmode=require'

describe('the URL of a clone', () => {
  it('is the last line that is nothing else', () => {
    expect(urlIn(`creating\npostgres://a@old/x\n  ${url}  \r\ndone\n`)).toBe(url)
    expect(urlIn('POSTGRES://a@b/c')).toBe('POSTGRES://a@b/c')
  })

  it.each(['', 'created shop', `url: ${url}`, `"${url}"`, 'http://a@b/c', 'postgres://a b/c'])(
    'is not in: %s',
    (text) => {
      expect(urlIn(text)).toBeUndefined()
    },
  )
})

describe('a line of a command', () => {
  it.each([
    [`+ psql ${url}`, '+ psql postgresql://app:***@db.example:5432/shop?sslmode=require'],
    ['PGPASSWORD=abc psql', 'PGPASSWORD=*** psql'],
    ['{"password": "abc", "host": "db"}', '{"password": "***", "host": "db"}'],
    ['token: abc', 'token: ***'],
    ['clone shop-1 is ready', 'clone shop-1 is ready'],
  ])('shows no password: %s', (line, shown) => {
    expect(withoutPasswords(line)).toBe(shown)
  })

  it('shows that of the clone nowhere', () => {
    expect(withoutPasswords('used s3cr/t and s3cr%2Ft', ['s3cr%2Ft', 's3cr/t'])).toBe('used *** and ***')
  })
})

describe('a clone by command', () => {
  const commandsIn = async (
    commands: Partial<CloneCommands>,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<{
    readonly dir: string
    readonly lines: readonly string[]
    readonly made: Awaited<ReturnType<typeof createClone>>
  }> => {
    const dir = await temporaryFolder()
    const lines: string[] = []
    const destroy = 'echo "id=$PGREHEARSE_CLONE_ID url=$PGREHEARSE_CLONE_URL" >> destroyed'
    const made = await createClone(
      { create: `echo ${url}`, destroy, ...commands },
      {
        cwd: dir,
        env: { PATH: process.env['PATH'], PGREHEARSE_CLONE_URL: 'postgres://of@an/outer-run' },
        timeoutMs: options.timeoutMs ?? 10_000,
        signal: options.signal ?? new AbortController().signal,
        log: (line) => lines.push(line),
      },
    )
    return { dir, lines, made }
  }
  const destroyed = (dir: string): Promise<string> => readFile(join(dir, 'destroyed'), 'utf8')

  it('is destroyed once, with its URL and the name that create had', async () => {
    const create = `echo "made $PGREHEARSE_CLONE_ID $PGREHEARSE_CLONE_URL" >&2; echo ${url}`
    const { dir, lines, made } = await commandsIn({ create })
    expect('url' in made && made.url).toBe(url)
    await (made as CreatedClone).destroy()
    await (made as CreatedClone)[Symbol.asyncDispose]()
    const id = /made (pgrehearse-[0-9a-f]{12}) $/.exec(lines[0] ?? '')?.[1]
    expect(await destroyed(dir)).toBe(`id=${id} url=${url}\n`)
  })

  it.each([
    ['exit 3', 'server.create ended with exit code 3'],
    [`echo ${url}; exit 3`, 'server.create ended with exit code 3'],
    ['echo no url', 'server.create printed no line that is a postgresql:// URL'],
    ['kill -9 $$', 'server.create was ended by SIGKILL'],
  ])('is destroyed where there may be something left: %s', async (create, why) => {
    const { dir, made } = await commandsIn({ create })
    expect(made).toEqual({ why, left: undefined })
    expect(await destroyed(dir)).toMatch(/^id=pgrehearse-/)
  })

  it('is destroyed when its creation takes too long, or the run is aborted', async () => {
    const late = await commandsIn({ create: 'sleep 60' }, { timeoutMs: 100 })
    expect(late.made).toMatchObject({ why: 'server.create took longer than 0.1 s and was ended' })
    expect(await destroyed(late.dir)).toMatch(/url=$/m)
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('stopped')), 100)
    await expect(commandsIn({ create: 'sleep 60' }, { signal: controller.signal })).rejects.toThrow('stopped')
  })

  it('is said to be left when destroy fails', async () => {
    const { made, lines } = await commandsIn({ destroy: 'echo "no $PGREHEARSE_CLONE_URL" >&2; exit 4' })
    expect(await (made as CreatedClone).destroy()).toBe('server.destroy ended with exit code 4')
    expect(lines).toEqual([`server.destroy: no ${url.replace('s3cr%2Ft', '***')}`])
  })

  it('is destroyed once more when somebody else has killed destroy', async () => {
    const destroy = 'echo try >> destroyed; [ $(wc -l < destroyed) -eq 2 ] || kill -9 $$'
    const { dir, made } = await commandsIn({ destroy })
    expect(await (made as CreatedClone).destroy()).toBeUndefined()
    expect(await destroyed(dir)).toBe('try\ntry\n')
  })

  it('does not give destroy a URL that was refused', async () => {
    const { dir, made } = await commandsIn({})
    const clone = made as CreatedClone
    clone.forgetUrl()
    await clone.destroy()
    expect(await destroyed(dir)).toMatch(/url=$/m)
  })

  it('keeps what create leaves in the background, until it is destroyed', async () => {
    const create = `setsid sh -c "trap '' PIPE; while sleep 0.05; do echo alive >> tunnel; done" & echo ${url}`
    const { dir, made } = await commandsIn({ create })
    await sleep(300)
    expect(await readFile(join(dir, 'tunnel'), 'utf8')).toContain('alive')
    await (made as CreatedClone).destroy()
    const after = await readFile(join(dir, 'tunnel'), 'utf8')
    await sleep(200)
    expect(await readFile(join(dir, 'tunnel'), 'utf8')).toBe(after)
  })
})
