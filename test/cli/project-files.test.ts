import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeProjectFiles, type FileToWrite } from '../../src/cli/project-files.ts'
import { folderWith } from './run.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function newFile(name: string, text = 'new'): FileToWrite {
  return { path: name, before: undefined, after: bytes(text) }
}

describe('writeProjectFiles', () => {
  it('makes folders, and follows links inside of the project', async () => {
    const root = await folderWith({ 'a/1.sql': 'old' })
    await symlink('a', path.join(root, 'link'))
    await symlink('1.sql', path.join(root, 'a/2.sql'))
    await writeProjectFiles(root, [
      newFile('b/c/3.sql'),
      newFile('link/4.sql'),
      { path: 'a/2.sql', before: bytes('old'), after: bytes('changed') },
    ])
    expect(await readFile(path.join(root, 'b/c/3.sql'), 'utf8')).toBe('new')
    expect(await readFile(path.join(root, 'a/1.sql'), 'utf8')).toBe('changed')
    expect((await readdir(path.join(root, 'a'))).sort()).toEqual(['1.sql', '2.sql', '4.sql'])
  })

  it.each(['../x.sql', '/etc/x.sql', '.git/hooks/pre-commit', 'out/x.sql', 'x.sql'])(
    'writes nothing at all when one lies outside: %s',
    async (name) => {
      const outside = await folderWith({ 'x.sql': 'theirs' })
      const root = await folderWith()
      await symlink(outside, path.join(root, 'out'))
      await symlink(path.join(outside, 'x.sql'), path.join(root, 'x.sql'))
      await expect(writeProjectFiles(root, [newFile('a/1.sql'), newFile(name)])).rejects.toThrow(
        'nothing was written',
      )
      expect(await readdir(root)).toEqual(['out', 'x.sql'])
      expect(await readdir(outside)).toEqual(['x.sql'])
      expect(await readFile(path.join(outside, 'x.sql'), 'utf8')).toBe('theirs')
    },
  )

  it.each(['.GIT/hooks/pre-commit', '.git./config', 'hooks/pre-commit', 'config.sql', './1.sql'])(
    "writes nothing into git's own folder, whatever it is called: %s",
    async (name) => {
      const root = await folderWith({ '.git/config': 'theirs', '.git/hooks/sample': '' })
      await symlink('.git/hooks', path.join(root, 'hooks'))
      await symlink('.git/config', path.join(root, 'config.sql'))
      await expect(
        writeProjectFiles(root, [{ path: name, before: bytes('theirs'), after: bytes('new') }]),
      ).rejects.toThrow('does not lie in the project')
      expect(await readFile(path.join(root, '.git/config'), 'utf8')).toBe('theirs')
      expect((await readdir(root)).sort()).toEqual(['.git', 'config.sql', 'hooks'])
      expect(await readdir(path.join(root, '.git/hooks'))).toEqual(['sample'])
    },
  )

  it('does not write one file twice, under the names that links give it', async () => {
    const root = await folderWith({ '1.sql': 'old' })
    await symlink('1.sql', path.join(root, '2.sql'))
    const changes = ['1.sql', '2.sql'].map((name) => ({
      path: name,
      before: bytes('old'),
      after: bytes(name),
    }))
    await expect(writeProjectFiles(root, changes)).rejects.toThrow('1.sql and 2.sql are the same file')
    expect(await readFile(path.join(root, '1.sql'), 'utf8')).toBe('old')
    expect((await readdir(root)).sort()).toEqual(['1.sql', '2.sql'])
  })

  it('does not write over what somebody has changed or made in the meantime', async () => {
    const root = await folderWith({ '1.sql': 'mine', '2.sql': 'mine' })
    const stale = { path: '1.sql', before: bytes('old'), after: bytes('new') }
    await expect(writeProjectFiles(root, [newFile('0.sql'), stale])).rejects.toThrow('1.sql was changed')
    await expect(writeProjectFiles(root, [newFile('2.sql')])).rejects.toThrow('2.sql was changed')
    expect((await readdir(root)).sort()).toEqual(['1.sql', '2.sql'])
    expect(await readFile(path.join(root, '1.sql'), 'utf8')).toBe('mine')
  })

  it('says why the disk refuses it', async () => {
    const root = await folderWith()
    await mkdir(path.join(root, '1.sql'))
    await writeFile(path.join(root, 'file'), '')
    await expect(writeProjectFiles(root, [newFile('file/1.sql')])).rejects.toThrow(
      /nothing was written|ENOTDIR/,
    )
  })
})
