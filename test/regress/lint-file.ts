import { rules } from '../../rules/index.ts'
import { judge } from '../../src/judge/judge.ts'
import { migrations } from '../predict/predict-sql.ts'
import { predictMigrations } from '../rules/run-example.ts'

/** Lints a text as one migration, with all rules; undefined, or how it crashed. */
export function crashOf(name: string, text: string): string | undefined {
  try {
    const results = predictMigrations([], migrations([text]))
    judge({ migrations: results, rules, presets: ['strict', 'security'], allows: [], today: '2026-11-21' })
    return undefined
  } catch (error) {
    return `lint of ${name}: ${error instanceof Error ? error.stack : String(error)}`
  }
}
