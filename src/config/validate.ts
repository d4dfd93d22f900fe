import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { nearest } from '../core/suggest.ts'
import { withoutEmpty } from './merge.ts'
import { nameIssues, type Issue, type KnownNames } from './name-issues.ts'
import { configSchema, policySchema, type Config, type PolicyConfig } from './schema.ts'

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
