/** An answer that is not the expected one, as Grape and GitLab's helpers write it [src lib/api/helpers.rb]. */
export class ApiError extends Error {
  readonly status: number
  readonly body: unknown

  constructor(status: number, body: unknown) {
    super(`${status} ${JSON.stringify(body)}`)
    this.status = status
    this.body = body
  }
}

export const unauthorized = (): ApiError => new ApiError(401, { message: '401 Unauthorized' })

export const invalidToken = (description: string): ApiError =>
  new ApiError(401, { error: 'invalid_token', error_description: description })

export const insufficientScope = (scope: string): ApiError =>
  new ApiError(403, {
    error: 'insufficient_scope',
    error_description: 'The request requires higher privileges than provided by the access token.',
    scope,
  })

export const forbidden = (): ApiError => new ApiError(403, { message: '403 Forbidden' })

export const notFound = (what?: string): ApiError =>
  new ApiError(404, { message: what === undefined ? '404 Not Found' : `404 ${what} Not Found` })

export const badRequest = (reason: string): ApiError =>
  new ApiError(400, { message: `400 Bad request - ${reason}` })

/** A parameter that Grape itself refuses. */
export const badParameter = (error: string): ApiError => new ApiError(400, { error })
