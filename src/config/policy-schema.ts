/** Keys of the configuration that decide how strictly is judged, and where the rest of it comes from. */
import { z } from 'zod'
import type { Severity } from '../core/model.ts'
import { configDefaults } from './defaults.ts'
import { text } from './parts.ts'

/** `off`, or a severity; with a reason where somebody gave one. */
export interface RuleSetting {
  /** Absent: the rule's own. */
  readonly severity?: 'off' | Severity
  readonly reason?: string
  /** What the rule declares in `Rule.options`. */
  readonly options?: Readonly<Record<string, unknown>>
}

const level = z.enum(['off', 'error', 'warning', 'info'])

const ruleSetting = z
  .union(
    [
      level,
      z.strictObject({
        severity: level.exactOptional(),
        reason: text.exactOptional(),
        options: z.record(z.string(), z.unknown()).exactOptional(),
      }),
    ],
    {
      error: 'Expected "off", "error", "warning", "info", or an object with a severity, a reason or options',
    },
  )
  .transform((value): 'off' | Severity | RuleSetting =>
    typeof value === 'string' || value.reason !== undefined || value.options !== undefined
      ? value
      : (value.severity ?? {}),
  )

const ruleSettings = z.record(z.string(), ruleSetting)

export const rules = ruleSettings
  .exactOptional()
  .describe(
    'Severity of each rule by its id, or `off`; with a reason: `{ severity: off, reason: … }`; with `options`, where the ' +
      'rule has some: its page lists them. `pgrehearse rules` lists the rules. The report says what is off, why, and how ' +
      'much it would have found.',
  )
  .meta({
    example: {
      'ban-rename-column': 'warning',
      'ban-truncate': 'off',
      'require-comment': { severity: 'info', options: { columns: true } },
    },
  })

export const presetNames = z.enum(['recommended', 'strict', 'security'], {
  error: 'Expected "recommended", "strict" or "security"',
})

/** Sets of rules besides `recommended`, which is always in force. */
export const presets = z
  .array(presetNames)
  .exactOptional()
  .describe(
    'Sets of rules: `recommended` is always in force; `strict` adds house style and conventions, `security` adds ' +
      'rights, row security and secrets. A rule with a severity under `rules` is on without its preset.',
  )
  .meta({ example: ['strict', 'security'] })

export const overrides = z
  .array(
    z.strictObject({
      paths: z
        .array(text)
        .min(1, 'Expected at least one path')
        .describe('Relative to the project root. `*` stays within a folder, `**` spans folders.'),
      rules: ruleSettings,
    }),
  )
  .exactOptional()
  .describe(
    'Severities in some files, in the place of `rules`. The last entry counts that matches the file and names the rule.',
  )
  .meta({ example: [{ paths: ['db/legacy/**'], rules: { 'require-concurrent-index': 'off' } }] })

/** In `extends` of the file as it is written; once read, what it names is merged in and the key is gone. */
export const extended = z
  .union([text, z.array(text)], { error: 'Expected a file or package, or a list of them' })
  .exactOptional()
  .describe(
    'Configurations that this one is based on: `./file` relative to this file, or the name of an installed package. ' +
      'Later ones win over earlier ones, and this file wins over all.',
  )
  .meta({ example: './base.yaml' })

export const policy = z
  .enum(['branch', 'target-branch'])
  .exactOptional()
  .describe(
    'Whose configuration and baseline decide: those of the branch under review, or those of the branch that it will be ' +
      'merged into, so that a merge request cannot loosen its own gate. It counts where the target branch says it.',
  )
  .meta({ defaultValue: configDefaults.policy, example: 'target-branch' })

export const baseline = text
  .exactOptional()
  .describe(
    'The file with findings that were accepted, as `pgrehearse baseline` writes it, relative to the project root.',
  )
  .meta({ defaultValue: configDefaults.baseline })

/** Identifiers, with dots between them for settings of extensions (guc.c, valid_custom_variable_name). */
export const settingName = /^[a-z_][a-z0-9_$]*(?:\.[a-z_][a-z0-9_$]*)*$/i

const settingValue = z
  .union([z.string().max(1000, 'Expected at most 1000 characters'), z.number(), z.boolean()], {
    error: 'Expected a text, a number, true or false',
  })
  .transform((value) => (typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)))
  // oxlint-disable-next-line no-control-regex -- the one character that Postgres takes in no text
  .refine((value) => !/\u0000/.test(value), 'Expected a text without NUL characters')

export const settings = z
  .record(z.string(), settingValue)
  .transform((value) =>
    Object.fromEntries(Object.entries(value).map(([name, said]) => [name.toLowerCase(), said])),
  )
  .exactOptional()
  .describe(
    'Settings that production gives to the role or database of the migrations (ALTER ROLE … SET, ALTER DATABASE … SET), ' +
      'by name; any that a migrating role may set. `search_path` decides which tables unqualified names mean.',
  )
  .meta({ example: { search_path: 'app, public', lock_timeout: '5s' } })

const rehearsalPauses =
  'The rehearsal pauses between statements, so it cannot have this setting: leave it out'

/** Settings that cannot be given, with the reason as a message; names in lower case. */
export const refusedSettings: Readonly<Record<string, string>> = {
  client_encoding: 'Migrations are read as UTF-8 here: leave this setting out',
  idle_in_transaction_session_timeout: rehearsalPauses,
  idle_session_timeout: rehearsalPauses,
  transaction_timeout: rehearsalPauses,
}
