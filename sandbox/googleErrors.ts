/** Errors of Firebase in the JSON form that Google's services give them. */

const statusNames: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
};

/** The body of an error with this HTTP status. `message` is the code word, at times with ` : ` and an explanation. */
export function googleErrorBody(code: number, message: string, details?: object[]) {
  const status = statusNames[code] ?? (code >= 500 ? 'UNAVAILABLE' : 'UNKNOWN');
  return { error: { code, message, status, ...(details ? { details } : {}) } };
}

export function googleError(code: number, message: string, details?: object[]): Response {
  return Response.json(googleErrorBody(code, message, details), { status: code });
}

/** 403 for a client key that its owner has restricted; the reason stands in the details alone. */
export function keyBlocked(service: string): Response {
  return googleError(403, `Requests to this API ${service} are blocked.`, [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_SERVICE_BLOCKED',
      domain: 'googleapis.com',
      metadata: { service },
    },
  ]);
}
