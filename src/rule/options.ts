/** Options of rules: what a rule declares, and what the configuration may say for it. */

interface Described {
  /** One sentence for the rule's page and the configuration's schema. */
  readonly description: string
}

/** One option of a rule; its default has the type of its values. */
export type RuleOption =
  | (Described & { readonly type: 'boolean'; readonly default: boolean })
  | (Described & {
      readonly type: 'integer'
      readonly default: number
      readonly minimum?: number
      readonly maximum?: number
    })
  /** Milliseconds; written like every duration of the configuration: `500ms`, `2s`, `5min`. */
  | (Described & { readonly type: 'duration'; readonly default: number })
  | (Described & { readonly type: 'text'; readonly default: string })
  /** A regular expression (JavaScript, flag `u`), as its source. */
  | (Described & { readonly type: 'pattern'; readonly default: string })
  | (Described & { readonly type: 'choice'; readonly choices: readonly string[]; readonly default: string })
  | (Described & {
      readonly type: 'list'
      /** Absent: any words. */
      readonly choices?: readonly string[]
      readonly default: readonly string[]
    })

export type RuleOptions = Readonly<Record<string, RuleOption>>

/** What a rule reads: one value per option that it declares, as configured or by default. */
export type OptionValues<O extends RuleOptions> = { readonly [K in keyof O]: ValueOf<O[K]> }

type ValueOf<O extends RuleOption> = O extends { readonly type: 'boolean' }
  ? boolean
  : O extends { readonly type: 'integer' | 'duration' }
    ? number
    : O extends { readonly type: 'list' }
      ? readonly string[]
      : string

/** The values of a rule's options: what is configured, else the default. */
export function optionValues<O extends RuleOptions>(
  options: O,
  configured: Readonly<Record<string, unknown>> = {},
): OptionValues<O> {
  const values = Object.entries(options).map(([name, option]) => [name, configured[name] ?? option.default])
  return Object.fromEntries(values) as OptionValues<O>
}
