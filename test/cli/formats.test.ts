import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseFormats, writeFileAtomically } from '../../src/cli/formats.ts'
import { EnvironmentError } from '../../src/core/errors.ts'
import { folderWith } from './run.ts'

describe('--format', () => {
  it('prints the terminal report without any', () => {
    expect(parseFormats([])).toEqual([{ name: 'terminal' }])
  })

  it('takes everything after the first colon for the file', () => {
    expect(parseFormats(['sarif:C:\\reports\\x.sarif'])).toEqual([
      { name: 'terminal' },
      { name: 'sarif', file: 'C:\\reports\\x.sarif' },
    ])
  })

  it('prints another report instead of the terminal one', () => {
    expect(parseFormats(['json'])).toEqual([{ name: 'json' }])
    expect(parseFormats(['json:-', 'junit:x.xml'])).toEqual([
      { name: 'json' },
      { name: 'junit', file: 'x.xml' },
    ])
  })

  it('takes no property of objects for a format', () => {
    expect(() => parseFormats(['constructor'])).toThrow('There is no report format "constructor".')
  })
})

describe('writeFileAtomically', () => {
  it('makes folders, replaces what was there, and leaves nothing else', async () => {
    const dir = await folderWith({ 'reports/deep/x.json': 'an older and longer report' })
    const file = path.join(dir, 'reports/deep/x.json')
    await writeFileAtomically(file, 'new', 'x.json')
    await writeFileAtomically(path.join(dir, 'other/x.json'), 'new', 'x.json')
    expect(await readFile(file, 'utf8')).toBe('new')
    expect(await readFile(path.join(dir, 'other/x.json'), 'utf8')).toBe('new')
    expect(await readdir(path.dirname(file))).toEqual(['x.json'])
  })

  it('replaces a link instead of writing to what it points to', async () => {
    const dir = await folderWith({ 'precious.txt': 'precious' })
    const file = path.join(dir, 'report.json')
    await symlink(path.join(dir, 'precious.txt'), file)
    await writeFileAtomically(file, 'report', 'report.json')
    expect(await readFile(path.join(dir, 'precious.txt'), 'utf8')).toBe('precious')
    expect((await lstat(file)).isFile()).toBe(true)
  })

  it('writes into a named pipe, and leaves it in its place', async () => {
    const dir = await folderWith()
    const pipe = path.join(dir, 'pipe')
    execFileSync('mkfifo', [pipe])
    const reader = spawn('cat', [pipe])
    let text = ''
    reader.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    const closed = once(reader, 'close')
    await writeFileAtomically(pipe, 'report', 'pipe')
    await closed
    expect(text).toBe('report')
    expect((await stat(pipe)).isFIFO()).toBe(true)
  })

  it('says why a report cannot be written, and leaves no draft', async () => {
    const dir = await folderWith({ file: '' })
    await mkdir(path.join(dir, 'folder'))
    await writeFile(path.join(dir, 'folder/keep'), '')
    const reason = async (name: string): Promise<string> => {
      const error: unknown = await writeFileAtomically(path.join(dir, name), 'x', name).catch(
        (cause: unknown) => cause,
      )
      if (!(error instanceof EnvironmentError))
        throw new Error('expected an EnvironmentError', { cause: error })
      return error.message
    }
    expect(await reason('folder')).toBe('The report folder could not be written: it is a folder.')
    expect(await reason('file/x.json')).toMatch(/^The report file\/x\.json could not be written: /)
    expect((await readdir(dir)).toSorted()).toEqual(['file', 'folder'])
  })

  it('says that the disk is full', async () => {
    await expect(writeFileAtomically('/dev/full', 'x', '/dev/full')).rejects.toThrow(
      'The report /dev/full could not be written: no space left on the device.',
    )
  })

  it.skipIf(process.getuid?.() === 0)('says that permission is denied', async () => {
    const dir = await folderWith()
    await chmod(dir, 0o500)
    await expect(writeFileAtomically(path.join(dir, 'x'), 'x', 'x')).rejects.toThrow('permission denied')
  })
})
