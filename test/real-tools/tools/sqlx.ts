import path from 'node:path'
import { rustTool } from '../rust-tool.ts'

export const tool = rustTool('sqlx', (project) => path.join(project, 'db/schema'))
