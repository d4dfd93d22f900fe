import { pythonTool } from '../python-tool.ts'

export const tool = pythonTool('django', ['django==5.2.19', 'psycopg[binary]==3.3.9'])
