import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { printSnapshot } from '../../src/snapshot/print.ts'
import { sample } from '../snapshot/sample.ts'
import { folderWith, run } from './run.ts'

it('prints the script for psql without asking a database', async () => {
  const cwd = await folderWith()
  const { exitCode, stdout, stderr } = await run(['snapshot', '--print-sql'], { cwd })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain('begin transaction isolation level repeatable read read only;')
  expect(stdout).toContain('security definer set search_path')
  expect(stdout).toContain('No values of columns are read.')
  expect(stdout).not.toContain('most_common_vals')
  const data = await run(['snapshot', '--print-sql', '--with-values=orders.status'], { cwd })
  expect(data.stdout).toContain('IT READS VALUES')
  expect(data.stdout).toContain(`tablename = 'orders' and attname = 'status'`)
})

it('writes an exported file again in the project root, or where it is told to, and says what is missing', async () => {
  const exported = JSON.stringify({ ...sample, statementsNormalised: false })
  const cwd = await folderWith({
    'dba.json': exported,
    'pgrehearse.config.yaml': '',
    '.git/HEAD': '',
    'sub/keep': '',
  })
  const { exitCode, stdout, stderr } = await run(['snapshot', '--from', '../dba.json'], {
    cwd: path.join(cwd, 'sub'),
  })
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
  expect(await readFile(path.join(cwd, 'pgrehearse-snapshot.json'), 'utf8')).toBe(printSnapshot(sample))
  expect(stderr).toContain('Snapshot of shop, Postgres 16.3: ../pgrehearse-snapshot.json')
  expect(stderr).toContain('Not read: statements of other roles: 3.')
  const piped = await run(['snapshot', '--from', 'dba.json', '--out', '-'], { cwd })
  expect(piped.stdout).toBe(printSnapshot(sample))
})

it('says what is wrong with its options and files, and repeats no password', async () => {
  const cwd = await folderWith({ 'broken.json': '{"format": "pgrehearse-snapshot", "version": 9}' })
  const refusals = [
    [[], 'does not know which database'],
    [['--from', 'postgres:/u:hunter2@h/d'], 'neither the URL of a database nor a file'],
    [['--from', 'mysql://u:hunter2@h/d'], 'not a postgresql:// URL'],
    [['--from', 'postgres://h/d', '--print-sql'], 'asks no database'],
    [['--from', 'broken.json'], 'snapshot of version 9'],
    [['--from', 'broken.json', '--with-values'], 'names a file'],
    [['--print-sql', '--with-values=status'], '--with-values does not understand "status"'],
  ] as const
  for (const [args, sentence] of refusals) {
    const { exitCode, stdout, stderr } = await run(['snapshot', ...args], { cwd })
    expect({ exitCode, stdout }, args.join(' ')).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain(sentence)
    expect(stderr).not.toContain('hunter2')
  }
  const away = await run(['snapshot', '--from', 'postgres://u:hunter2@localhost:1/d'], { cwd })
  expect(away.exitCode).toBe(3)
  expect(away.stderr).toContain('The statistics of localhost:1 cannot be read')
  expect(away.stderr).not.toContain('hunter2')
  const variable = { PGREHEARSE_SNAPSHOT_URL: 'postgres://u:hunter2@localhost:1/e' }
  expect(await run(['snapshot'], { cwd, env: variable })).toEqual({ ...away, stdout: '' })
})
