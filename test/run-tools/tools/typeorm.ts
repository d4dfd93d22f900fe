import { npmTool } from '../npm-tool.ts'

export const tool = npmTool('typeorm', {
  typeorm: '1.1.1',
  pg: '8.23.1',
  'reflect-metadata': '0.2.2',
  'ts-node': '10.9.2',
  typescript: '5.9.3',
  '@types/node': '20.19.43',
})
