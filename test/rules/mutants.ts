import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Finding } from '../../src/core/model.ts'
import { loadExample, loadExamples, rulesFolder, type Example } from './run-example.ts'

const change = z.strictObject({
  /** What it does, for whoever reads a failure. */
  change: z.string(),
  /** A regular expression (flags `gm`); each match makes a mutant of its own. */
  find: z.string(),
  put: z.string(),
  /** The example it is for; absent: every one where it fits. */
  in: z.string().optional(),
  /** All matches at once. */
  everywhere: z.boolean().optional(),
  /** Only a server can tell. */
  replay: z.boolean().optional(),
})

const mutations = z.strictObject({
  /** Changes to good examples that make them harmful. */
  harmful: z.array(change).min(1),
  /** Changes to bad examples that make them harmless. */
  harmless: z.array(change).min(1),
})

export type Change = z.infer<typeof change>
export type Mutations = z.infer<typeof mutations>

/** An example with one small change, and what the rule said of it before. */
export interface Mutant {
  readonly title: string
  readonly replay: boolean
  readonly original: Example
  readonly mutant: Example
}

/** `rules/<id>/mutations.yaml`; undefined where a rule has none. */
export function readMutations(ruleId: string): Mutations | undefined {
  const file = `${rulesFolder}${ruleId}/mutations.yaml`
  return existsSync(file) ? mutations.parse(parse(readFileSync(file, 'utf8'))) : undefined
}

/** One mutant per place where a change fits. Throws for a change that fits nowhere, or changes nothing. */
export function mutantsOf(ruleId: string, kind: keyof Mutations, all: Mutations): readonly Mutant[] {
  const examples = loadExamples(ruleId).filter(({ isBad }) => isBad === (kind === 'harmless'))
  return all[kind].flatMap((one) => {
    const made = examples.flatMap((example) => applied(ruleId, example, one))
    if (made.length === 0) throw new Error(`${ruleId}: "${one.change}" fits into no example`)
    return made
  })
}

function applied(ruleId: string, original: Example, one: Change): readonly Mutant[] {
  const name = original.file.split('/').at(-1) ?? ''
  if (one.in !== undefined && one.in !== name) return []
  const matches = [...original.text.matchAll(new RegExp(one.find, 'gm'))]
  const texts =
    matches.length > 0 && one.everywhere === true
      ? [original.text.replace(new RegExp(one.find, 'gm'), one.put)]
      : matches.map((match) => replaced(original.text, match, one))
  return texts.map((text, index) => {
    if (text === original.text) throw new Error(`${ruleId}: "${one.change}" changes nothing`)
    return {
      title: `${name}, ${one.change} (${index + 1})`,
      replay: one.replay === true,
      original,
      mutant: loadExample(ruleId, name, { file: original.file, text }),
    }
  })
}

function replaced(text: string, match: RegExpMatchArray, { find, put }: Change): string {
  const at = match.index ?? 0
  return text.slice(0, at) + text.slice(at).replace(new RegExp(find, 'm'), put)
}

/** How often the example's own rule speaks. */
export function ownFindings({ ruleId }: Example, findings: readonly Finding[]): readonly string[] {
  return findings
    .filter((finding) => finding.ruleId === ruleId && finding.allowed === undefined)
    .map(({ messageId, span }) => `${span.start.line} ${messageId}`)
}
