import path from 'node:path'
import { rustTool } from '../rust-tool.ts'

export const tool = rustTool('diesel', (project) => path.join(project, 'migrations'))
