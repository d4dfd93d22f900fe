import type { z } from 'zod'
import { nearest } from '../core/suggest.ts'
import type { RuleOptions } from '../rule.ts'
import { refusedSettings, settingName, type RuleSetting } from './policy-schema.ts'
import { readOptions } from './rule-options.ts'
import type { Config } from './schema.ts'

export type Issue = z.core.$ZodIssue

/** What the rest of the program knows by name; asked only when the configuration names some. */
export interface KnownNames {
  readonly rules: () => Promise<readonly string[]>
  /** What rules declare, by their ids; rules without options may be left out. Absent: none has options. */
  readonly ruleOptions?: () => Promise<Readonly<Record<string, RuleOptions>>>
  /** Ids of findings that the engine makes itself: they cannot be configured, and no rule may take them. */
  readonly reserved: () => Promise<readonly string[]>
  readonly sources: () => Promise<readonly string[]>
  /** Names for `--format`, which no reporter of the user's own may take. */
  readonly formats?: () => Promise<readonly string[]>
}

/** What is wrong with the names that a configuration of the right form uses. */
export async function nameIssues(config: Config, known: KnownNames): Promise<Issue[]> {
  return [
    ...(await ruleIssues(config, known)),
    ...(await optionIssues(config, known)),
    ...(await sourceIssues(config, known)),
    ...(await reporterIssues(config, known)),
    ...settingIssues(config),
  ]
}

/** Ids that nobody knows: a rule switched off under a wrong name would stay on without a word. */
async function ruleIssues(config: Config, known: KnownNames): Promise<Issue[]> {
  const { rules = {}, overrides = [], databases = [], customRules = [] } = config
  const named: readonly (readonly PropertyKey[])[] = [
    ...Object.keys(rules).map((id) => ['rules', id]),
    ...databases.flatMap((database, index) =>
      Object.keys(database.rules ?? {}).map((id) => ['databases', index, 'rules', id]),
    ),
    ...overrides.flatMap((override, index) =>
      Object.keys(override.rules).map((id) => ['overrides', index, 'rules', id]),
    ),
  ]
  if (named.length === 0 && customRules.length === 0) return []
  const issues: Issue[] = []
  const reserved = await known.reserved()
  const taken = [...(await known.rules()), ...reserved]
  for (const [index, { id }] of customRules.entries()) {
    const path = ['customRules', index, 'id']
    if (taken.includes(id)) issues.push(custom(`There is already a rule called ${JSON.stringify(id)}`, path))
    taken.push(id)
  }
  const choice = taken.filter((other) => !reserved.includes(other))
  for (const path of named) {
    const id = String(path.at(-1))
    const name = JSON.stringify(id)
    if (reserved.includes(id)) {
      issues.push(custom(`${name} is not a rule: pgrehearse finds it itself, with a fixed severity`, path))
    } else if (!choice.includes(id)) {
      issues.push(unknownName(`No rule is called ${name}`, id, choice, path))
    }
  }
  return issues
}

type Rules = NonNullable<Config['rules']>

/** Options that a rule does not have, or not so; those of unknown rules are left to {@link ruleIssues}. */
async function optionIssues(config: Config, known: KnownNames): Promise<Issue[]> {
  const { rules = {}, databases = [], overrides = [], customRules = [] } = config
  const said = [
    ...optionsIn(rules, ['rules']),
    ...databases.flatMap((database, index) => optionsIn(database.rules ?? {}, ['databases', index, 'rules'])),
  ]
  const inOverrides = overrides.flatMap((override, index) =>
    optionsIn(override.rules, ['overrides', index, 'rules']),
  )
  const refused = inOverrides.map(({ path }) =>
    custom('Options hold in every file: say them under `rules`', path),
  )
  if (said.length === 0) return refused
  const ids = [...(await known.rules()), ...customRules.map(({ id }) => id)]
  const ownOptions = customRules.flatMap(({ id, options }) =>
    options === undefined ? [] : [[id, options] as const],
  )
  const declared = { ...(await known.ruleOptions?.()), ...Object.fromEntries(ownOptions) }
  const wrong = said.flatMap(({ id, options, path }) =>
    !ids.includes(id)
      ? []
      : readOptions(id, declared[id], options).problems.map(({ message, path: below }) =>
          custom(message, [...path, ...below]),
        ),
  )
  return [...wrong, ...refused]
}

function optionsIn(
  rules: Rules,
  at: readonly PropertyKey[],
): { id: string; options: NonNullable<RuleSetting['options']>; path: readonly PropertyKey[] }[] {
  return Object.entries(rules).flatMap(([id, said]) =>
    typeof said === 'string' || said.options === undefined
      ? []
      : [{ id, options: said.options, path: [...at, id, 'options'] }],
  )
}

async function reporterIssues({ customReporters = [] }: Config, known: KnownNames): Promise<Issue[]> {
  if (customReporters.length === 0) return []
  const taken = [...((await known.formats?.()) ?? [])]
  return customReporters.flatMap(({ id }, index) => {
    const isTaken = taken.includes(id)
    taken.push(id)
    if (!isTaken) return []
    return [
      custom(`There is already a report format called ${JSON.stringify(id)}`, [
        'customReporters',
        index,
        'id',
      ]),
    ]
  })
}

/** Settings that have a key of their own must not be given twice, and some are not the migrations' business. */
function settingIssues(config: Config): Issue[] {
  const { databases = [] } = config
  return [
    ...settingIssuesAt([], config, config.timeZone),
    ...databases.flatMap((database, index) =>
      settingIssuesAt(['databases', index], database, database.timeZone ?? config.timeZone),
    ),
  ]
}

function settingIssuesAt(
  at: readonly PropertyKey[],
  { settings = {} }: Pick<Config, 'settings'>,
  timeZone: string | undefined,
): Issue[] {
  return Object.keys(settings).flatMap((name) => {
    const path = [...at, 'settings', name]
    if (!settingName.test(name)) {
      return [custom('Expected the name of a setting of Postgres, for example "search_path"', path)]
    }
    if (name === 'timezone' && timeZone !== undefined) {
      return [custom('The time zone is given twice: keep this or `timeZone`', path)]
    }
    const why = refusedSettings[name]
    return why === undefined ? [] : [custom(why, path)]
  })
}

async function sourceIssues(config: Config, known: KnownNames): Promise<Issue[]> {
  const { migrations = [], customSources = [], databases = [] } = config
  const named = [
    ...migrations.map(({ source }, index) => ({ source, path: ['migrations', index, 'source'] })),
    ...databases.flatMap((database, at) =>
      (database.migrations ?? []).map(({ source }, index) => ({
        source,
        path: ['databases', at, 'migrations', index, 'source'],
      })),
    ),
  ]
  if (named.every(({ source }) => source === undefined)) return []
  const ids = [...(await known.sources()), ...customSources.map(({ id }) => id)]
  return named.flatMap(({ source, path }) => {
    if (source === undefined || ids.includes(source)) return []
    return [unknownName(`No migration source is called ${JSON.stringify(source)}`, source, ids, path)]
  })
}

function unknownName(
  sentence: string,
  name: string,
  known: readonly string[],
  path: readonly PropertyKey[],
): Issue {
  const suggestion = nearest(name, known)
  const rest = suggestion === undefined ? `. Known: ${known.join(', ')}` : `. Did you mean "${suggestion}"?`
  return custom(sentence + rest, path)
}

function custom(message: string, path: readonly PropertyKey[]): Issue {
  return { code: 'custom', message, path: [...path], input: undefined }
}
