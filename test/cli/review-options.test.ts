import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { checkReviewOptions, withoutOptions } from '../../src/cli/review-options.ts'

const program = createProgram({
  version: '0',
  context: () => {
    throw new Error('no command is run here')
  },
  writeOut: () => {},
  done: () => {},
})

function left(...args: readonly string[]): readonly string[] {
  const check = program.commands.find((command) => command.name() === 'check')
  if (check === undefined) throw new Error('there is no check')
  return withoutOptions(args, check, checkReviewOptions())
}

describe('the arguments of the check inside of check --review gitlab', () => {
  it.each([
    [['check', '--review', 'gitlab'], []],
    [['--review=gitlab', '--no-replay'], ['--no-replay']],
    [
      ['--color', 'check', 'db', '--dry-run', '--all'],
      ['--color', 'db', '--all'],
    ],
    [['--token-env', 'X', '--max-threads=3', '--review-failure', 'error', '--allow-by', 'maintainer'], []],
    [['--review-name', 'check', '--gitlab-url', '--all', '--debug'], ['--debug']],
  ])('are those of the user without the ones of the review: %j', (args, expected) => {
    expect(left(...args)).toEqual(expected)
  })

  it.each([
    [
      ['--base', '--review', 'x'],
      ['--base', '--review', 'x'],
    ],
    [
      ['--config', '--dry-run', '--review', 'gitlab'],
      ['--config', '--dry-run'],
    ],
    [['check', 'check', '--review', 'gitlab'], ['check']],
    [
      ['--review', 'gitlab', '--', 'check', '--dry-run'],
      ['--', 'check', '--dry-run'],
    ],
  ])('keep values and paths that look like others: %j', (args, expected) => {
    expect(left(...args)).toEqual(expected)
  })
})
