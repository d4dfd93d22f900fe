/** The image of our Dockerfile, as jobs use it: as root, as another user, with further majors, in a git repository. */
import { execFile } from 'node:child_process'
import { chmod, cp, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const image = process.env['PGREHEARSE_TEST_IMAGE'] ?? 'local/pgrehearse'
const sample = fileURLToPath(new URL('../../fixtures/plain-sql-notes', import.meta.url))

let project = ''
beforeAll(async () => {
  project = await realpath(await mkdtemp(path.join(tmpdir(), 'pgrehearse-image-')))
  await cp(sample, project, { recursive: true })
  await chmod(project, 0o755)
})
afterAll(() => rm(project, { recursive: true, force: true }))

interface Ended {
  readonly exitCode: number
  readonly output: string
}

/** Runs a shell line in a fresh container, the sample project mounted read-only. */
function inContainer(user: string, line: string): Promise<Ended> {
  const args = ['run', '--rm', '--user', user, '--volume', `${project}:/work:ro`, '--workdir', '/work', image]
  return new Promise((resolve, reject) => {
    execFile('docker', [...args, 'sh', '-c', line], (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ exitCode: error === null ? 0 : Number(error.code), output: stdout + stderr })
    })
  })
}

const check = 'pgrehearse check --all --fail-on never'

/** Prints the accounts of all processes of Postgres as soon as there are some, then waits for the check. */
const accountsOfServer = `${check} > /tmp/log 2>&1 & check=$!
for try in $(seq 300); do
  accounts=$(for status in /proc/[0-9]*/status; do
    awk '/^Name:/ {name=$2} /^Uid:/ {if (name == "postgres") print $2}' "$status" 2>/dev/null; done | sort -u)
  [ -z "$accounts" ] || break
  sleep 0.1
done
echo "accounts: $accounts"; wait $check; echo "check: $?"`

describe('the image', () => {
  it('rehearses as root, with the server under another account', async () => {
    const { output } = await inContainer('root', accountsOfServer)
    expect(output).toMatch(/^accounts: [1-9]\d*$/m)
    expect(output).toContain('check: 0')
  })

  it('rehearses as another user', async () => {
    const { output, exitCode } = await inContainer('nobody', check)
    expect(output).toContain('measured on PostgreSQL 18')
    expect(exitCode).toBe(0)
  })

  it('refuses --superuser to another user, who would share the account with the server', async () => {
    const { output, exitCode } = await inContainer('nobody', `${check} --superuser`)
    expect(output).toContain('Migrations cannot run as superuser here')
    expect(exitCode).toBe(2)
  })

  it('gives it to root', async () => {
    expect((await inContainer('root', `${check} --superuser`)).exitCode).toBe(0)
  })

  it('has the majors that it was built with', async () => {
    const { output, exitCode } = await inContainer('root', `${check} --pg-version 16`)
    expect(output).toContain('measured on PostgreSQL 16')
    expect(exitCode).toBe(0)
  })

  it('works in a git repository, which needs git', async () => {
    const repository =
      'cp -r /work /tmp/project && cd /tmp/project && git init -q -b main . && git add . && ' +
      'git -c user.name=a -c user.email=a@example.com commit -qm one && ' +
      "echo 'CREATE INDEX notes_user_id_idx ON notes (user_id);' > migrations/012_index.sql && " +
      'pgrehearse check --base main'
    const { output, exitCode } = await inContainer('root', repository)
    expect(output).toContain('require-concurrent-index')
    expect(exitCode).toBe(1)
  })
})
