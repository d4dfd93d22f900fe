import pc from 'picocolors'
import stringWidth from 'string-width'
import { ruleSummaries } from '../catalogue.ts'
import type { CommandContext } from '../context.ts'

/** `rules`: id, default severity and title of every rule. */
export async function runRules(format: 'text' | 'json', { out }: CommandContext): Promise<number> {
  const rules = await ruleSummaries()
  if (format === 'json') {
    await out.write(`${JSON.stringify(rules, null, 2)}\n`)
    return 0
  }
  const colors = pc.createColors(out.color)
  const paint = { error: colors.red, warning: colors.yellow, info: colors.blue }
  const width = Math.max(...rules.map(({ id }) => stringWidth(id)))
  const lines = rules.map(
    ({ id, severity, title }) =>
      `${colors.bold(id.padEnd(width))}  ${paint[severity](severity.padEnd(7))}  ${title}`,
  )
  const more = colors.dim('`pgrehearse explain <rule>` prints the page of a rule.')
  await out.write(`${lines.join('\n')}\n\n${more}\n`)
  return 0
}
