import { drizzleTool } from '../drizzle-tool.ts'

export const tool = drizzleTool('drizzle-folders', '1.0.0-rc.5-169397b', 'drizzle')
