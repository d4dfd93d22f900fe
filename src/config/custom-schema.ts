/** Rules, sources and reporters of the user's own, which only a configuration that is code can have. */
import { z } from 'zod'
import type { MigrationSource } from '../core/source.ts'
import type { Rule } from '../rule.ts'
import type { CustomReporter } from './define.ts'
import { presetNames } from './policy-schema.ts'

const severity = z.enum(['error', 'warning', 'info'])

const described = { description: z.string() }

/** What the type RuleOptions says, for JavaScript. */
const ruleOptions = z.record(
  z.string().regex(/^[a-z][a-zA-Z0-9]*$/),
  z.discriminatedUnion('type', [
    z.object({ ...described, type: z.literal('boolean'), default: z.boolean() }),
    z.object({
      ...described,
      type: z.literal('integer'),
      default: z.int(),
      minimum: z.int().exactOptional(),
      maximum: z.int().exactOptional(),
    }),
    z.object({ ...described, type: z.literal('duration'), default: z.int().min(0) }),
    z.object({ ...described, type: z.enum(['text', 'pattern']), default: z.string() }),
    z.object({ ...described, type: z.literal('choice'), choices: z.array(z.string()), default: z.string() }),
    z.object({
      ...described,
      type: z.literal('list'),
      choices: z.array(z.string()).exactOptional(),
      default: z.array(z.string()),
    }),
  ]),
)

/** A rule of the user's own; what TypeScript checks in defineRule() is checked again for JavaScript. */
const customRule = z.custom<Rule>(
  (value) =>
    isRecord(value) &&
    typeof value['id'] === 'string' &&
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(value['id']) &&
    typeof value['title'] === 'string' &&
    severity.safeParse(value['severity']).success &&
    isRecord(value['messages']) &&
    (value['preset'] === undefined || presetNames.safeParse(value['preset']).success) &&
    (value['options'] === undefined || ruleOptions.safeParse(value['options']).success) &&
    ['statement', 'transaction', 'run', 'query'].some((part) => typeof value[part] === 'function'),
  'Expected a rule made by defineRule(): a kebab-case id, title, severity, messages, a preset and options where it has them, and a statement, transaction, run or query function',
)

const customSource = z.custom<MigrationSource>(
  (value) =>
    isRecord(value) &&
    typeof value['id'] === 'string' &&
    typeof value['detect'] === 'function' &&
    typeof value['load'] === 'function',
  'Expected a source made by defineSource(): an id, and the functions detect and load',
)

const customReporter = z.custom<CustomReporter>(
  (value) =>
    isRecord(value) &&
    typeof value['id'] === 'string' &&
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(value['id']) &&
    typeof value['title'] === 'string' &&
    typeof value['render'] === 'function',
  'Expected a reporter made by defineReporter(): a kebab-case id, a title, and the function render',
)

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** The keys that hold them. */
export const customParts = {
  customRules: z
    .array(customRule)
    .exactOptional()
    .describe('Your own rules, made by `defineRule()` (TypeScript and JavaScript configuration only).'),
  customSources: z
    .array(customSource)
    .exactOptional()
    .describe(
      'Your own migration tools, made by `defineSource()` (TypeScript and JavaScript configuration only).',
    ),
  customReporters: z
    .array(customReporter)
    .exactOptional()
    .describe(
      'Your own report formats for `--format`, made by `defineReporter()` (TypeScript and JavaScript configuration only).',
    ),
}
