import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { PastRehearsals } from '../../src/replay/past-rehearsals.ts'

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'pgrehearse-past-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return join(dir, 'cache')
}

async function add(past: PastRehearsals, ...times: readonly number[]): Promise<void> {
  for (const ms of times) await past.add({ kept: 'all', ms })
}

it('tells the shortest of the last five times, once there are two', async () => {
  const past = new PastRehearsals(await folder(), 'a')
  expect(await past.shortest('all')).toBeUndefined()
  await add(past, 100)
  expect(await past.shortest('all')).toBeUndefined()
  await add(past, 300)
  expect(await past.shortest('all')).toBe(100)
  await add(past, 500, 400, 600, 700)
  expect(await past.shortest('all')).toBe(300)
})

it('keeps whole histories, beginnings and other circumstances apart', async () => {
  const dir = await folder()
  await add(new PastRehearsals(dir, 'a'), 100, 100)
  expect(await new PastRehearsals(dir, 'a').shortest('beginning')).toBeUndefined()
  expect(await new PastRehearsals(dir, 'b').shortest('all')).toBeUndefined()
  await add(new PastRehearsals(dir, 'b'), 200, 200)
  expect(await new PastRehearsals(dir, 'a').shortest('all')).toBe(100)
})

it('does not grow without end', async () => {
  const dir = await folder()
  for (const circumstances of 'abcdefghij')
    await add(new PastRehearsals(dir, circumstances), 1, 2, 3, 4, 5, 6)
  expect(await new PastRehearsals(dir, 'j').shortest('all')).toBe(2)
  expect(await new PastRehearsals(dir, 'a').shortest('all')).toBeUndefined()
  expect(await readdir(dir)).toEqual(['rehearsals.json'])
})

it.each(['', '{', 'null', '[1, {"ms": "fast"}, {"circumstances": "a", "kept": "all", "ms": -1}]'])(
  'takes a damaged file (%j) for none',
  async (text) => {
    const dir = await folder()
    const past = new PastRehearsals(dir, 'a')
    await add(past, 1)
    await writeFile(join(dir, 'rehearsals.json'), text)
    expect(await past.shortest('all')).toBeUndefined()
    await add(past, 7, 8)
    expect(await past.shortest('all')).toBe(7)
  },
)
