import { rustTool } from '../real-tools/rust-tool.ts'
import type { RunTool } from './tool.ts'

/** The small program that calls the migrators of Rust's libraries, as their users' programs do: `migrators <name> …`. */
export function rustProgram(name: 'sqlx' | 'diesel'): RunTool {
  return {
    ...rustTool(name, (project) => project),
    programs: ['../rust/debug'],
    readFromFiles: true,
  }
}
