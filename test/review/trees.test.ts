import { execFileSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { findRepository, gitEnvironment, type Repository } from '../../src/review/git.ts'
import { GitTree } from '../../src/review/git-tree.ts'
import { WorkingTree } from '../../src/review/working-tree.ts'
import { cleanEnv, folderWith, repositoryWith, type Workspace } from './repository.ts'

const text = async (bytes: Promise<Uint8Array | undefined>): Promise<string | undefined> => {
  const read = await bytes
  return read === undefined ? undefined : Buffer.from(read).toString()
}

async function repositoryOf(workspace: Workspace): Promise<Repository> {
  const { repository } = await findRepository(workspace.path, cleanEnv)
  if (repository === undefined) throw new Error('no repository')
  return repository
}

test('a commit gives back every byte, empty and large files alike', async () => {
  const large = Buffer.alloc(3_000_000, 'line\n')
  const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const repository = await repositoryWith({ 'a.sql': '', 'b.sql': large, 'c.sql': binary, 'd.sql': 'x\n' })
  await using tree = await GitTree.open(await repositoryOf(repository), 'HEAD')
  const read = await Promise.all(['d.sql', 'b.sql', 'a.sql', 'c.sql', 'b.sql'].map((path) => tree.read(path)))
  expect(read.map((bytes) => bytes?.length)).toEqual([2, large.length, 0, 256, large.length])
  expect(read[1]?.every((byte, index) => byte === large[index])).toBe(true)
  expect(read[3]).toEqual(binary)
})

test('a commit follows links inside of it only', async () => {
  const repository = await repositoryWith({ 'shared/a.sql': 'a' })
  await symlink('../shared/a.sql', `${repository.path}/shared/inside.sql`)
  await symlink('/etc/hostname', `${repository.path}/outside.sql`)
  await symlink('loop.sql', `${repository.path}/loop.sql`)
  await repository.commit()
  await using tree = await GitTree.open(await repositoryOf(repository), 'HEAD')
  expect(await text(tree.read('shared/inside.sql'))).toBe('a')
  expect(await tree.read('outside.sql')).toBeUndefined()
  expect(await tree.read('loop.sql')).toBeUndefined()
  expect(await tree.read('nowhere.sql')).toBeUndefined()
})

test('a commit leaves no process behind', async () => {
  const repository = await repositoryWith({ 'a.sql': 'a' })
  const children = (): string => execFileSync('ps', ['--ppid', String(process.pid), '-o', 'args=']).toString()
  {
    await using tree = await GitTree.open(await repositoryOf(repository), 'HEAD')
    await tree.read('a.sql')
    expect(children()).toContain('cat-file --batch')
  }
  expect(children()).not.toContain('cat-file --batch')
})

test('an object that is missing reads as no file instead of hanging', async () => {
  const repository = await repositoryWith({ 'a.sql': 'only here', 'b.sql': 'b' })
  const object = await repository.git('rev-parse', 'HEAD:a.sql')
  await repository.remove(`.git/objects/${object.slice(0, 2)}/${object.slice(2)}`)
  await using tree = await GitTree.open(await repositoryOf(repository), 'HEAD')
  expect(await Promise.all([text(tree.read('a.sql')), text(tree.read('b.sql'))])).toEqual([undefined, 'b'])
})

test('the working tree without git lists everything but .git and node_modules', async () => {
  const folder = await folderWith({
    'b.sql': '',
    'a.sql': '',
    '.hidden/c.sql': '',
    'node_modules/x/d.sql': '',
    'sub/node_modules/x/e.sql': '',
    'sub/.git/f.sql': '',
  })
  await symlink(folder.path, `${folder.path}/around`)
  expect(await new WorkingTree(folder.path, undefined).list()).toEqual([
    '.hidden/c.sql',
    'a.sql',
    'around',
    'b.sql',
  ])
})

test('the working tree of a repository lists tracked and untracked files, not deleted and ignored ones', async () => {
  const repository = await repositoryWith({
    '.gitignore': 'ignored.sql\n',
    'gone.sql': '',
    'kept.sql': '',
    'node_modules/x.sql': '',
  })
  await repository.remove('gone.sql')
  await repository.write({ 'ignored.sql': '', 'new.sql': '', 'inner/x.sql': '' })
  await repository.git('init', '--quiet', 'inner')
  const tree = new WorkingTree(repository.path, await repositoryOf(repository))
  expect(await tree.list()).toEqual(['.gitignore', 'kept.sql', 'new.sql'])
})

test('the working tree follows links inside of it only, and takes folders and pipes for no file', async () => {
  const folder = await folderWith({ 'real/a.sql': 'a' })
  await symlink('real/a.sql', `${folder.path}/inside.sql`)
  await symlink('/etc/hostname', `${folder.path}/outside.sql`)
  await symlink('nowhere', `${folder.path}/dangling.sql`)
  execFileSync('mkfifo', [`${folder.path}/pipe.sql`])
  const tree = new WorkingTree(folder.path, undefined)
  expect(await text(tree.read('inside.sql'))).toBe('a')
  expect(await tree.read('outside.sql')).toBeUndefined()
  expect(await tree.read('dangling.sql')).toBeUndefined()
  expect(await tree.read('real')).toBeUndefined()
  expect(await text(tree.read('pipe.sql'))).toBe('')
})

test('git gets no variable that points it elsewhere, and keeps those that give access', () => {
  const env = gitEnvironment({
    PATH: '/bin',
    GIT_DIR: '/x',
    GIT_EXTERNAL_DIFF: 'evil',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    GIT_SSH_COMMAND: 'ssh -i key',
  })
  expect(Object.keys(env)).not.toContain('GIT_DIR')
  expect(Object.keys(env)).not.toContain('GIT_EXTERNAL_DIFF')
  expect(env).toMatchObject({ PATH: '/bin', GIT_CONFIG_COUNT: '1', GIT_SSH_COMMAND: 'ssh -i key' })
})
