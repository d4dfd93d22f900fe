/** What the configuration makes of the rules and leaves out, in sentences: it makes findings fewer, so it is said. */
import type { Config } from './config/schema.ts'
import type { RuleSetting } from './config/policy-schema.ts'
import type { Finding } from './core/model.ts'
import { formatMs } from './core/quantities.ts'

export interface PolicyFacts {
  readonly config: Config
  /** Whose configuration decided. */
  readonly decidedBy: readonly string[]
  /** What rules would have said that are off. */
  readonly off: readonly Finding[]
}

type Rules = NonNullable<Config['rules']>

/** Empty when nobody decided anything. */
export function policySentences({ config, decidedBy, off }: PolicyFacts): readonly string[] {
  const { presets = [], rules = {}, overrides = [], migrations = [], queries, thresholds } = config
  const chosen = [...new Set(presets)].filter((preset) => preset !== 'recommended')
  const excluded = migrations.flatMap(({ exclude = [] }) => exclude)
  const excludedQueries = queries === undefined || queries === false ? [] : (queries.exclude ?? [])
  return [
    ...decidedBy,
    ...(chosen.length === 0
      ? []
      : [
          `By configuration, the rules of ${chosen.join(' and ')} are on besides those that are recommended.`,
        ]),
    ...rulesSentences('By configuration', rules, off),
    ...optionSentences(rules),
    ...overrides.flatMap(({ paths, rules: own }) =>
      rulesSentences(`By configuration, in ${paths.join(', ')}`, own, offOnlyThere(own, rules, off)),
    ),
    ...sessionSentences(config),
    ...migrations.flatMap(({ start }) =>
      start === undefined
        ? []
        : [`The history starts from ${start} (migrations.start), which is not judged.`],
    ),
    ...(thresholds === undefined ? [] : ['From how long on a wait counts is what the configuration says.']),
    ...(excluded.length === 0 ? [] : [`Left out by migrations.exclude: ${excluded.join(', ')}.`]),
    ...(excludedQueries.length === 0 ? [] : [`Left out by queries.exclude: ${excludedQueries.join(', ')}.`]),
    ...(queries === false ? ['The application’s queries are left alone (queries: false).'] : []),
  ]
}

/** Timeouts that are there already are asked for no more. */
function sessionSentences({ runner = {}, settings = {} }: Config): readonly string[] {
  const set = [
    ...(runner.lockTimeout === undefined ? [] : [`lock_timeout ${timeout(runner.lockTimeout)}`]),
    ...(runner.statementTimeout === undefined
      ? []
      : [`statement_timeout ${timeout(runner.statementTimeout)}`]),
  ]
  const names = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  return [
    ...(set.length === 0 ? [] : [`By configuration, the runner sets ${set.join(' and ')}.`]),
    ...(names.length === 0 ? [] : [`By configuration, sessions begin with ${names.join('; ')}.`]),
  ]
}

function timeout(ms: number): string {
  return ms === 0 ? 'none' : formatMs(ms)
}

/** What is off everywhere has been said. */
function offOnlyThere(own: Rules, rules: Rules, off: readonly Finding[]): readonly Finding[] {
  return off.filter(({ ruleId }) => Object.hasOwn(own, ruleId) && levelOf(rules[ruleId]) !== 'off')
}

/** One for each rule that is off and would have said something or has a reason, one for the others, one for severities. */
function rulesSentences(where: string, rules: Rules, off: readonly Finding[]): readonly string[] {
  const switched = Object.keys(rules).filter((id) => levelOf(rules[id]) === 'off')
  const telling = switched.filter(
    (id) => reasonOf(rules[id]) !== undefined || off.some(({ ruleId }) => ruleId === id),
  )
  const silent = switched.filter((id) => !telling.includes(id))
  const levels = Object.entries(rules).flatMap(([id, said]) => {
    const level = levelOf(said)
    return level === undefined || level === 'off' ? [] : [`${id} is ${article(level)}${reasonIn(said)}`]
  })
  return [
    ...telling.map((id) => `${where}, ${id} is off${reasonIn(rules[id])}.${wouldHaveSaid(id, off)}`),
    ...(silent.length === 0
      ? []
      : [`${where}, ${silent.join(', ')} ${silent.length === 1 ? 'is' : 'are'} off.`]),
    ...(levels.length === 0 ? [] : [`${where}, ${levels.join(', ')}.`]),
  ]
}

function wouldHaveSaid(id: string, off: readonly Finding[]): string {
  const own = off.filter(({ ruleId }) => ruleId === id)
  const [first] = own
  if (first === undefined) return ' It would have found nothing here.'
  const { file, start } = first.span
  const place = `${file}:${start.line}`
  return own.length === 1
    ? ` It would have had a finding in ${place}.`
    : ` It would have had ${own.length} findings, the first in ${place}.`
}

function levelOf(said: Rules[string] | undefined): RuleSetting['severity'] | undefined {
  return typeof said === 'object' ? said.severity : said
}

function reasonOf(said: Rules[string] | undefined): string | undefined {
  return typeof said === 'object' ? said.reason : undefined
}

function reasonIn(said: Rules[string] | undefined): string {
  const reason = reasonOf(said)
  return reason === undefined ? '' : ` (${reason})`
}

/** As they are written: an option may make a rule say less. */
function optionSentences(rules: Rules): readonly string[] {
  return Object.entries(rules).flatMap(([id, said]) => {
    const options =
      typeof said === 'object' && levelOf(said) !== 'off' ? Object.entries(said.options ?? {}) : []
    if (options.length === 0) return []
    const values = options.map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    return [`By configuration, ${id} has the options ${values.join(', ')}.`]
  })
}

function article(level: string): string {
  return level === 'warning' ? 'a warning' : `an ${level}`
}
