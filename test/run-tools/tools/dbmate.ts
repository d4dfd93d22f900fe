import { npmTool } from '../npm-tool.ts'

export const tool = npmTool('dbmate', { dbmate: '2.36.0' }, { readFromFiles: true })
