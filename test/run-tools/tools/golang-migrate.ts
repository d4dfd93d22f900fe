import { tool as realTool } from '../../real-tools/tools/golang-migrate.ts'
import type { RunTool } from '../tool.ts'

export const tool: RunTool = { ...realTool, programs: ['.'], readFromFiles: true }
