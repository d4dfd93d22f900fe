import { npmTool } from '../npm-tool.ts'

export const tool = npmTool('knex', { knex: '3.3.0', pg: '8.23.1' })
