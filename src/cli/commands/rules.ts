import pc from 'picocolors'
import { textWidth } from '../../reporters/text-width.ts'
import type { Preset } from '../../rule.ts'
import { ruleSummaries, type RuleSummary } from '../catalogue.ts'
import type { CommandContext } from '../context.ts'

export interface RulesOptions {
  readonly format: 'text' | 'json'
  /** Only those of this set. */
  readonly preset?: Preset
}

/** `rules`: id, default severity and title of every rule, set by set. */
export async function runRules({ format, preset }: RulesOptions, { out }: CommandContext): Promise<number> {
  const all = await ruleSummaries()
  const rules = preset === undefined ? all : all.filter((rule) => rule.preset === preset)
  if (format === 'json') {
    await out.write(`${JSON.stringify(rules.map(listed), null, 2)}\n`)
    return 0
  }
  const colors = pc.createColors(out.color)
  const paint = { error: colors.red, warning: colors.yellow, info: colors.blue }
  const width = Math.max(0, ...rules.map(({ id }) => textWidth(id)))
  const line = ({ id, severity, title }: RuleSummary): string =>
    `${colors.bold(id.padEnd(width))}  ${paint[severity](severity.padEnd(7))}  ${title}`
  const groups = titles.flatMap(({ preset: of, title }) => {
    const own = rules.filter((rule) => rule.preset === of)
    return own.length === 0 ? [] : [...(title === '' ? [] : [title]), ...own.map(line), '']
  })
  const last = colors.dim('`pgrehearse explain <rule>` prints the page of a rule.')
  await out.write(`${[...groups, last].join('\n')}\n`)
  return 0
}

const titles: readonly { readonly preset: Preset | undefined; readonly title: string }[] = [
  { preset: 'recommended', title: '' },
  { preset: 'strict', title: 'House style and conventions, with `presets: [strict]`:' },
  { preset: 'security', title: 'Rights, row security and secrets, with `presets: [security]`:' },
  { preset: undefined, title: 'Found by pgrehearse itself, whatever the rules:' },
]

function listed({ id, severity, title, preset, options, explanation }: RuleSummary): object {
  return {
    id,
    severity,
    title,
    ...(preset === undefined ? {} : { preset }),
    ...(options === undefined ? {} : { options }),
    reserved: explanation !== undefined,
  }
}
