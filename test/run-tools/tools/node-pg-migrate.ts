import { npmTool } from '../npm-tool.ts'

export const tool = npmTool(
  'node-pg-migrate',
  { 'node-pg-migrate': '9.0.0', pg: '^8.16.0' },
  { readFromFiles: true },
)
