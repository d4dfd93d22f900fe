import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { nearest } from '../core/suggest.ts'
import { withoutEmpty } from './merge.ts'
import { refusedSettings, settingName } from './policy-schema.ts'
import { configSchema, policySchema, type Config, type PolicyConfig } from './schema.ts'

/** What the rest of the program knows by name; asked only when the configuration names some. */
export interface KnownNames {
  readonly rules: () => Promise<readonly string[]>
  /** Ids of findings that the engine makes itself: they cannot be configured, and no rule may take them. */
  readonly reserved: () => Promise<readonly string[]>
  readonly sources: () => Promise<readonly string[]>
  /** Names for `--format`, which no reporter of the user's own may take. */
  readonly formats?: () => Promise<readonly string[]>
}

/**
 * The validated configuration. `file` is how messages call the file.
 * @throws {ConfigError} naming every key that is wrong
 */
export async function validateConfig(value: unknown, file: string, known: KnownNames): Promise<Config> {
  const { extends: _, ...config } = checkShape(value, file)
  const issues = await nameIssues(config, known)
  if (issues.length > 0) throw invalid(file, issues)
  return config
}

/**
 * Is every key of one that we have, with a value of its form? Names of rules and sources are not looked up.
 * @throws {ConfigError} naming every key that is wrong
 */
export function checkShape(value: unknown, file: string): z.output<typeof configSchema> {
  const result = configSchema.safeParse(withoutEmpty(value))
  if (!result.success) throw invalid(file, flatten(result.error.issues))
  return result.data
}

/**
 * The part of a configuration that decides how a merge request is reviewed; what else the file says is not looked at.
 * @throws {ConfigError} naming every key of that part that is wrong
 */
export function validatePolicy(value: unknown, file: string): PolicyConfig {
  const result = policySchema.safeParse(withoutEmpty(value))
  if (!result.success) throw invalid(file, flatten(result.error.issues))
  return result.data
}

type Issue = z.core.$ZodIssue

function invalid(file: string, issues: readonly Issue[]): ConfigError {
  return new ConfigError(
    `${file} is not a valid configuration:\n${z.prettifyError({ issues: [...issues] })}`,
    {
      hint: 'docs/configuration.md of the package describes every key; `pgrehearse init` writes a commented example.',
    },
  )
}

/** Union errors say only "Invalid input"; the branch that the user meant says which key is wrong. */
function flatten(issues: readonly Issue[], path: readonly PropertyKey[] = []): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    const here = { ...issue, path: [...path, ...issue.path] }
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(here, key))
    if (issue.code !== 'invalid_union') return [here]
    const meant = issue.errors.find(
      (branch) => !branch.some((child) => child.path.length === 0 && isWrongType(child)),
    )
    return meant === undefined ? [here] : flatten(meant, here.path)
  })
}

function isWrongType(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value'
}

function unknownKey(issue: Issue, key: string): Issue {
  const suggestion = nearest(key, keysAt(issue.path))
  const didYouMean = suggestion === undefined ? '' : `. Did you mean "${suggestion}"?`
  return {
    ...issue,
    code: 'custom',
    message: `Unrecognized key: ${JSON.stringify(key)}${didYouMean}`,
  } as Issue
}

/** Names that the schema knows at a path, found in its JSON schema. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  let node: JsonSchema | undefined = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema
  for (const step of path) {
    const options: readonly (JsonSchema | undefined)[] = [node, ...(node?.anyOf ?? [])]
    node =
      typeof step === 'number'
        ? options.find((option) => option?.items !== undefined)?.items
        : options.find((option) => option?.properties !== undefined)?.properties?.[String(step)]
  }
  const branch = [node, ...(node?.anyOf ?? [])].find((option) => option?.properties !== undefined)
  return Object.keys(branch?.properties ?? {})
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

async function nameIssues(config: Config, known: KnownNames): Promise<Issue[]> {
  return [
    ...(await ruleIssues(config, known)),
    ...(await sourceIssues(config, known)),
    ...(await reporterIssues(config, known)),
    ...settingIssues(config),
  ]
}

/** Ids that nobody knows: a rule switched off under a wrong name would stay on without a word. */
async function ruleIssues(config: Config, known: KnownNames): Promise<Issue[]> {
  const { rules = {}, overrides = [], customRules = [] } = config
  const named: readonly (readonly PropertyKey[])[] = [
    ...Object.keys(rules).map((id) => ['rules', id]),
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
function settingIssues({ settings = {}, timeZone }: Config): Issue[] {
  return Object.keys(settings).flatMap((name) => {
    const path = ['settings', name]
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

async function sourceIssues(
  { migrations = [], customSources = [] }: Config,
  known: KnownNames,
): Promise<Issue[]> {
  if (migrations.every(({ source }) => source === undefined)) return []
  const ids = [...(await known.sources()), ...customSources.map(({ id }) => id)]
  return migrations.flatMap(({ source }, index) => {
    if (source === undefined || ids.includes(source)) return []
    const sentence = `No migration source is called ${JSON.stringify(source)}`
    return [unknownName(sentence, source, ids, ['migrations', index, 'source'])]
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
