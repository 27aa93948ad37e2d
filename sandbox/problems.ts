/** Error answers in the shapes that FastAPI gives them. */

/** One entry of a validation error's array. */
export interface ValidationIssue {
  type: string;
  loc: (string | number)[];
  msg: string;
  input?: unknown;
}

/** `{"detail": …}` with this status. */
export function problem(
  status: number,
  detail: string | object,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ detail }, { status, headers });
}

/** 422 in its array form. */
export function invalid(...issues: ValidationIssue[]): Response {
  return problem(422, issues);
}

/** 403 when the bearer is missing. */
export function notAuthenticated(): Response {
  return problem(403, 'Not authenticated');
}

/** 401 for any trouble with an ID token. */
export function badCredentials(): Response {
  return problem(401, 'Invalid authentication credentials');
}
