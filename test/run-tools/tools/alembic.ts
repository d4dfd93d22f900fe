import { pythonTool } from '../python-tool.ts'

export const tool = pythonTool('alembic', ['alembic==1.20.1', 'sqlalchemy==2.1.9', 'psycopg2-binary==2.9.13'])
