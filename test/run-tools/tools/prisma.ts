import { npmTool } from '../npm-tool.ts'

/**
 * Prisma's native engine is in no registry, but `engine: 'js'` in prisma.config.ts runs the same engine as WebAssembly,
 * which is in its package. The adapter of 6.19 cannot read the type `name`, which the engine asks for; that of 7 can.
 */
export const tool = npmTool(
  'prisma',
  { prisma: '6.19.3', '@prisma/adapter-pg': '7.10.1', pg: '8.23.1' },
  { readFromFiles: true, keptAs: 'prisma-cli' },
)
