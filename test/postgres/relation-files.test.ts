import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RelationFiles, segmentPages } from '../../src/postgres/relation-files.ts'

let folder: string
let files: RelationFiles
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relation-files-'))
  await mkdir(join(folder, 'base', '5'), { recursive: true })
  await writeFile(join(folder, 'base', '5', '10'), Buffer.alloc(8192, 1))
  files = new RelationFiles(folder, {
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    dropped: false,
  })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const sizeOf = async (name: string): Promise<number> => (await stat(join(folder, 'base', '5', name))).size

test('files become longer in segments, and shorter', async () => {
  files.resize([{ path: 'base/5/10', pages: 2 * segmentPages + 3 }])
  expect([await sizeOf('10'), await sizeOf('10.1'), await sizeOf('10.2')]).toEqual([
    1024 ** 3,
    1024 ** 3,
    3 * 8192,
  ])
  files.resize([{ path: 'base/5/10', pages: 2 }])
  expect([await sizeOf('10'), await sizeOf('10.1'), await sizeOf('10.2')]).toEqual([2 * 8192, 0, 0])
  expect((await readFile(join(folder, 'base', '5', '10'))).subarray(0, 2)).toEqual(Buffer.from([1, 1]))
})

test('nothing but files of relations is touched, and no link is followed', async () => {
  const victim = join(folder, 'victim')
  await writeFile(victim, 'mine')
  await symlink(victim, join(folder, 'base', '5', '11'))
  await symlink(victim, join(folder, 'base', '5', '10.1'))
  for (const path of [
    '../victim',
    'base/5/../../victim',
    'victim',
    'pg_tblspc/1/2',
    'base/5/10.1',
    '/etc/passwd',
  ]) {
    expect(() => files.resize([{ path, pages: 1 }]), path).toThrow(/no file of a relation/)
  }
  expect(() => files.resize([{ path: 'base/5/11', pages: 1 }])).toThrow(/ELOOP/)
  expect(() => files.resize([{ path: 'base/5/10', pages: segmentPages + 1 }])).toThrow(/ELOOP/)
  expect(() => files.writeFirstPages('base/5/11', [Buffer.alloc(8192)])).toThrow(/ELOOP/)
  expect(() => files.firstPage('base/5/11')).toThrow(/ELOOP/)
  expect(() => files.resize([{ path: 'base/5/12', pages: 1 }])).toThrow(/ENOENT/)
  expect(await readFile(victim, 'utf8')).toBe('mine')
})
