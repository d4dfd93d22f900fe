import path from 'node:path'
import { rustTool } from '../rust-tool.ts'

export const tool = rustTool('refinery', (project) => path.join(project, 'sql'))
