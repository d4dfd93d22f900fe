import { npmTool } from '../npm-tool.ts'

export const tool = npmTool(
  'drizzle',
  { 'drizzle-kit': '0.31.11', 'drizzle-orm': '0.45.4', pg: '8.23.1' },
  { readFromFiles: true, keptAs: 'drizzle-kit' },
)
