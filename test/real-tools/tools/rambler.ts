import { Unavailable, type RealTool } from '../tool.ts'

export const tool: RealTool = {
  name: 'rambler',
  needs: [],
  installSeconds: 0,
  install: () => Promise.reject(new Unavailable('it is on GitHub only: the Go proxy does not hand it out')),
  migrate: () => Promise.reject(new Unavailable('it is not there')),
}
