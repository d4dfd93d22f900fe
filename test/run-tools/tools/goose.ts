import { tool as realTool } from '../../real-tools/tools/goose.ts'
import type { RunTool } from '../tool.ts'

export const tool: RunTool = { ...realTool, programs: ['v3.29.0'], readFromFiles: true }
