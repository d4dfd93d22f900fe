import type { Report } from '../core/model.ts'

/**
 * Path of a file below the top of the repository, where GitLab and the like look for it; reports name files below
 * the project root. Outside of git, and for a file outside of the repository, the path stays as it is.
 */
export function repositoryPath({ project }: Pick<Report, 'project'>, file: string): string {
  const parts: string[] = []
  for (const part of `${project?.prefix ?? ''}${file}`.split('/')) {
    if (part === '.' || part === '') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return file
  }
  return parts.join('/')
}
