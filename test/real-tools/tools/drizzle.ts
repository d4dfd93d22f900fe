import { drizzleTool } from '../drizzle-tool.ts'

export const tool = drizzleTool('drizzle', '0.45.4', 'db/generated')
