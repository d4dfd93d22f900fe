import pc from 'picocolors'
import { textWidth } from '../../reporters/text-width.ts'
import { ruleSummaries, type RuleSummary } from '../catalogue.ts'
import type { CommandContext } from '../context.ts'

/** `rules`: id, default severity and title of every rule. */
export async function runRules(format: 'text' | 'json', { out }: CommandContext): Promise<number> {
  const rules = await ruleSummaries()
  if (format === 'json') {
    const listed = rules.map(({ id, severity, title, explanation }) => ({
      id,
      severity,
      title,
      reserved: explanation !== undefined,
    }))
    await out.write(`${JSON.stringify(listed, null, 2)}\n`)
    return 0
  }
  const colors = pc.createColors(out.color)
  const paint = { error: colors.red, warning: colors.yellow, info: colors.blue }
  const width = Math.max(...rules.map(({ id }) => textWidth(id)))
  const line = ({ id, severity, title }: RuleSummary): string =>
    `${colors.bold(id.padEnd(width))}  ${paint[severity](severity.padEnd(7))}  ${title}`
  const lines = [
    ...rules.filter(({ explanation }) => explanation === undefined).map(line),
    '',
    'Found by pgrehearse itself, whatever the rules:',
    ...rules.filter(({ explanation }) => explanation !== undefined).map(line),
    '',
    colors.dim('`pgrehearse explain <rule>` prints the page of a rule.'),
  ]
  await out.write(`${lines.join('\n')}\n`)
  return 0
}
