import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../../core/errors.ts'
import { nearest } from '../../core/suggest.ts'
import { ruleSummaries, type RuleSummary } from '../catalogue.ts'
import type { CommandContext } from '../context.ts'
import { renderMarkdown } from '../render-markdown.ts'

/**
 * `explain <rule>`: the rule's page in the terminal.
 * @throws {UsageError} for an id nobody knows
 */
export async function runExplain(id: string, { out }: CommandContext): Promise<number> {
  const known = await ruleSummaries()
  // Only ids of the catalogue become part of a path.
  const rule = known.find((candidate) => candidate.id === id)
  if (rule === undefined)
    throw unknownRule(
      id,
      known.map((candidate) => candidate.id),
    )
  await out.write(renderMarkdown(await pageOf(rule), out))
  return 0
}

async function pageOf({ id, severity, title, explanation }: RuleSummary): Promise<string> {
  if (explanation !== undefined) {
    return `# ${id}\n\n${title}. Severity: ${severity}. Found by pgrehearse itself, not by a rule.\n\n${explanation}\n`
  }
  return readFile(fileURLToPath(import.meta.resolve(`#pkg/rules/${id}/README.md`)), 'utf8')
}

function unknownRule(id: string, known: readonly string[]): UsageError {
  const suggestion = nearest(id, known)
  return new UsageError(`No rule is called ${JSON.stringify(id)}.`, {
    hint:
      suggestion === undefined
        ? '`pgrehearse rules` lists all rules.'
        : `Did you mean ${suggestion}? \`pgrehearse rules\` lists all rules.`,
  })
}
