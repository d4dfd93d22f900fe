import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { wantsColor } from '../../src/cli/context.ts'
import { folderWith, run } from './run.ts'

/** What a wrong command line prints. */
async function complaint(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(args, { cwd: await folderWith() })
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  return stderr
}

describe('help and version', () => {
  it('prints the help on standard output', async () => {
    const { exitCode, stdout, stderr } = await run(['--help'], { cwd: await folderWith() })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: pgrehearse [options] [command]

      Rehearses new migrations on a throwaway Postgres and says what they would do.

      Options:
        -V, --version                  print the version
        --color                        use colours also where no terminal is
        --no-color                     use no colours
        --debug                        print stack traces and timings
        -h, --help                     print this help

      Commands:
        check [options] [paths...]     rehearse the migrations under review on a
                                       throwaway server (default)
        lint [options] [paths...]      judge by prediction, without a server (check
                                       --no-replay)
        run [options] <command...>     rehearse what a command does to a database: any
                                       migration tool, in any language
        fix [options] [paths...]       write the remedies that were proven into the
                                       migrations under review
        queries [options]              say what the migrations under review do to the
                                       application’s queries, and nothing else
        review [options] <report>      post the report of another job on the GitLab
                                       merge request, and be the gate
        explain <rule>                 print the page of a rule
        rules [options]                list all rules
        init [options]                 write a commented configuration and a GitLab CI
                                       job; nothing is overwritten
        doctor [options]               say what works on this machine and what does
                                       not
        snapshot [options]             write the statistics of production into one
                                       file: sizes, rates, settings; read-only
        calibrate [options]            measure how fast a machine is, for
                                       production.hardware of the configuration
        baseline [options] [paths...]  accept what is found today, with a reason, in a
                                       file to be reviewed
        help [command]                 print the help of a command

      Options of check:
        --base <ref>            judge what is new since this git revision
        --all                   judge every migration
        --staged                judge what the next git commit changes, as the index
                                holds it
        --snapshot <file>       sizes and activity of production, as snapshot writes
                                them
        --database <name>       judge only this one of several databases in the
                                repository (repeatable)
        --policy <whose>        whose configuration and baseline decide (default: as
                                the target branch says) (choices: "branch",
                                "target-branch")
        --fail-on <severity>    least severity that makes the exit code 1 (default:
                                error) (choices: "error", "warning", "info", "never")
        --format <name[:file]>  write a report: terminal, json, markdown, codequality,
                                sarif, junit, github, rdjson, html (repeatable)
        --config <file>         read this configuration
        --no-config             read no configuration
        --no-replay             judge by prediction only, as lint does
        --require-rehearsal     exit with 1 when a migration could not be rehearsed
        --pg-version <majors>   major version of Postgres to replay on, or several:
                                14,16,18 (default: production’s)
        --server-url <url>      replay on this existing server; never a production
                                server
        --image <name>          replay in a throwaway container of this Postgres
                                image, e.g. pgvector/pgvector:pg17
        --shared-server         allow an existing server that holds other databases
        --superuser             run migrations as superuser (trusted repositories
                                only)
        --cache-dir <folder>    keep the replayed history here between runs
        --cache                 keep it in the configured folder, else in the git
                                folder of this clone
        --budget <duration>     time for the whole run; what does not fit is predicted
                                (default: 20s for samples, no limit on replay)
        --no-prove              do not replay the SQL of fixes before it is offered
        --no-clone              create no clone of production, though the
                                configuration has a command for one
        --no-down               do not take back what is under review by its way down
        --no-retry              do not try failures in the middle of what is not one
                                transaction
        --with <ref>            replay the migrations of this branch too, before and
                                behind those under review (repeatable)
        --suggestions           try out fixes in place, and offer those that hold
                                (default: in merge requests)
        --no-suggestions        try out no fixes
        --review <where>        post a review on the merge request; see docs/gitlab.md
                                (choices: "gitlab")
        --dry-run               print what the review would do, and send nothing
        --review-failure <how>  what a review that could not be posted does: warn, or
                                exit with 3 (default: warn) (choices: "warn", "error")
        --token-env <name>      variable that holds the token (default:
                                PGREHEARSE_GITLAB_TOKEN, else GITLAB_TOKEN)
        --gitlab-url <url>      address of the GitLab server (default: CI_API_V4_URL)
        --review-name <name>    tells several reviews of one merge request apart
        --max-threads <number>  open at most this many threads (default: 20)
        --allow-by <who>        who may accept a finding by a comment (default:
                                developer) (choices: "developer", "maintainer",
                                "not-the-author")

      Exit codes:
        0    nothing at or above --fail-on
        1    findings, or with --require-rehearsal a migration that could not be rehearsed
        2    usage, configuration, or a base revision that cannot be had
        3    no server could be started or reached; with --review-failure=error a review that could not be posted
        70   a bug in pgrehearse
        130, 143   interrupted (SIGINT, SIGTERM)

      Examples:
        pgrehearse                              what is new in this branch or merge request
        pgrehearse db/migrations/V7__x.sql      this file, on top of the others
        pgrehearse --base origin/main --format codequality:gl-code-quality-report.json
        pgrehearse lint --all                   every migration, without a server
        pgrehearse review report.json           the gate of a merge request, and its review

      "
    `)
  })

  it.each(['check', 'doctor'])('has help for %s', async (command) => {
    const { exitCode, stdout } = await run(['help', command], { cwd: await folderWith() })
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`Usage: pgrehearse ${command}`)
  })

  it('prints the version of package.json', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
    const { exitCode, stdout } = await run(['--version'], { cwd: await folderWith() })
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${version}\n` })
  })
})

describe('a wrong command line ends with exit code 2 and says what was meant', () => {
  it('unknown option', async () => {
    expect(await complaint('--bas', 'main')).toMatchInlineSnapshot(`
      "error: Unknown option '--bas'.
      hint:  Did you mean --base?
      "
    `)
  })

  it('unknown option of a command', async () => {
    expect(await complaint('lint', '--al')).toMatchInlineSnapshot(`
      "error: Unknown option '--al'.
      hint:  Did you mean --all?
      "
    `)
  })

  it('a command to be run that does not stand behind --', async () => {
    expect(await complaint('run', 'psql', '-f', 'x.sql')).toMatchInlineSnapshot(`
      "error: Unknown option '-f'.
      hint:  The command stands behind --, as in \`pgrehearse run -- npx knex migrate:latest\`.
      "
    `)
  })

  it('misspelled command, which reaches the default command as a path', async () => {
    expect(await complaint('chekc')).toMatchInlineSnapshot(`
      "error: There is no file or folder "chekc".
      hint:  Did you mean the command \`pgrehearse check\`?
      "
    `)
  })

  it('a path that does not exist', async () => {
    expect(await complaint('db/V1__x.sql')).toMatchInlineSnapshot(`
      "error: There is no file or folder "db/V1__x.sql".
      "
    `)
  })

  it('a path with a control character, which is shown and not sent to the terminal', async () => {
    expect(await complaint('a\u001b[2Jb.sql')).not.toContain('\u001b')
  })

  it('wrong value', async () => {
    expect(await complaint('--fail-on', 'critical')).toMatchInlineSnapshot(`
      "error: Option '--fail-on <severity>' argument 'critical' is invalid. Allowed choices are error, warning, info, never.
      hint:  Run \`pgrehearse --help\` for commands and options.
      "
    `)
  })

  it('missing value', async () => {
    expect(await complaint('--base')).toMatchInlineSnapshot(`
      "error: Option '--base <ref>' argument missing.
      hint:  Run \`pgrehearse --help\` for commands and options.
      "
    `)
  })

  it('unknown report format', async () => {
    expect(await complaint('--format', 'jsn')).toMatchInlineSnapshot(`
      "error: There is no report format "jsn".
      hint:  Did you mean "json"?
      "
    `)
    expect(await complaint('--format', 'toml:x.toml')).toMatchInlineSnapshot(`
      "error: There is no report format "toml".
      hint:  The formats are terminal, json, markdown, codequality, sarif, junit, github, rdjson, html.
      "
    `)
  })

  it('report format without its file', async () => {
    expect(await complaint('--format', 'json:')).toMatchInlineSnapshot(`
      "error: --format json: names no file.
      hint:  Write --format json for standard output, or --format json:<file>.
      "
    `)
  })

  it('two reports on standard output', async () => {
    expect(await complaint('--format', 'json', '--format', 'sarif')).toMatchInlineSnapshot(`
      "error: Two reports cannot both be written to standard output.
      hint:  Give all but one a file of its own: --format json:report.json.
      "
    `)
  })

  it('two reports in one file', async () => {
    expect(await complaint('--format', 'json:x', '--format', 'sarif:x')).toMatchInlineSnapshot(`
      "error: Two reports cannot both be written to x.
      hint:  Give all but one a file of its own: --format json:report.json.
      "
    `)
  })

  it('version that is none', async () => {
    expect(await complaint('--pg-version', 'latest')).toMatchInlineSnapshot(`
      "error: Option '--pg-version <majors>' argument 'latest' is invalid. Expected a major version of Postgres from 14, for example 17, or several: 14,16,18.
      hint:  Run \`pgrehearse --help\` for commands and options.
      "
    `)
  })

  it('server URL of something else, without printing the password', async () => {
    const text = await complaint('--server-url', 'mysql://root:secret@db/x')
    expect(text).toMatchInlineSnapshot(`
      "error: --server-url is not the URL of a Postgres server.
      hint:  It begins with postgres:// or postgresql://.
      "
    `)
    expect(text).not.toContain('secret')
  })

  it('options that contradict each other', async () => {
    expect(await complaint('--all', '--base', 'main')).toMatchInlineSnapshot(`
      "error: Option '--all' cannot be used with option '--base <ref>'.
      hint:  Run \`pgrehearse --help\` for commands and options.
      "
    `)
    expect(await complaint('--all', '.')).toMatchInlineSnapshot(`
      "error: Paths and --all contradict each other.
      hint:  Paths judge what they name; --all judges every migration.
      "
    `)
    expect(await complaint('--no-replay', '--require-rehearsal')).toMatchInlineSnapshot(`
      "error: --require-rehearsal needs the replay that --no-replay leaves out.
      hint:  Leave out one of the two options.
      "
    `)
  })

  it('explain without a rule', async () => {
    expect(await complaint('explain')).toMatchInlineSnapshot(`
      "error: Missing required argument 'rule'.
      hint:  Run \`pgrehearse --help\` for commands and options.
      "
    `)
  })
})

describe('colours', () => {
  it.each([
    ['none where no terminal is', false, undefined, {}, false],
    ['some on a terminal', true, undefined, {}, true],
    ['none on a terminal that knows none', true, undefined, { TERM: 'dumb' }, false],
    ['some with FORCE_COLOR', false, undefined, { FORCE_COLOR: '1' }, true],
    ['none with FORCE_COLOR=0, on a terminal too', true, undefined, { FORCE_COLOR: '0' }, false],
    ['some with --color', false, true, {}, true],
    [
      'none with NO_COLOR, even with FORCE_COLOR',
      true,
      undefined,
      { FORCE_COLOR: '1', NO_COLOR: '1' },
      false,
    ],
    ['none with NO_COLOR, even with --color', true, true, { NO_COLOR: '1' }, false],
    ['none with --no-color, even with FORCE_COLOR', true, false, { FORCE_COLOR: '1' }, false],
    ['some on a terminal with an empty NO_COLOR', true, undefined, { NO_COLOR: '' }, true],
  ] as const)('has %s', (_, isTerminal, flag, env, colored) => {
    expect(wantsColor(isTerminal, env, flag)).toBe(colored)
  })

  it('shows errors by the same rule', async () => {
    const cwd = await folderWith()
    const forced = await run(['--nope'], { cwd, env: { FORCE_COLOR: '1' } })
    expect(forced.stderr).toContain('\u001b[31merror:')
    const refused = await run(['--nope'], { cwd, env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
    expect(refused.stderr).not.toContain('\u001b')
  })
})

describe('configuration', () => {
  it('ends with exit code 2 when it is broken', async () => {
    const cwd = await folderWith({ 'pgrehearse.config.yaml': 'failOn: critical\n' })
    const { exitCode, stdout, stderr } = await run(['check', '--all'], { cwd })
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatchInlineSnapshot(`
      "error: pgrehearse.config.yaml is not a valid configuration:
      ✖ Invalid option: expected one of "error"|"warning"|"info"|"never"
        → at failOn
      hint:  docs/configuration.md of the package describes every key; \`pgrehearse init\` writes a commented example.
      "
    `)
  })

  it('names the file of --config that is not there', async () => {
    expect(await complaint('--config', 'nope.yaml')).toMatchInlineSnapshot(`
      "error: There is no configuration file nope.yaml.
      "
    `)
  })

  it('shows the stack trace with --debug only', async () => {
    expect(await complaint('--config', 'nope.yaml', '--debug')).toMatch(/\n {2}ConfigError: [^]*\n {6}at /)
  })
})
