import { npmTool } from '../npm-tool.ts'

export const tool = npmTool('sequelize', {
  'sequelize-cli': '6.6.5',
  sequelize: '6.37.8',
  pg: '8.23.1',
  'pg-hstore': '2.3.4',
})
