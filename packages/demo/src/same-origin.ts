import type { RequestHandler } from 'express';

/**
 * Refuses requests that another site makes a browser send (cross-site request forgery). A browser puts `Origin` on
 * every POST, and a page cannot change it. The same-site cookie is the first defence, this is the second.
 */
export const sameOriginOnly: RequestHandler = (request, response, next) => {
  const isSafe = request.method === 'GET' || request.method === 'HEAD';
  if (isSafe || request.get('origin') === `${request.protocol}://${request.get('host')}`) {
    next();
    return;
  }
  response.status(403).json({ error: 'This request came from another site.', code: 'OTHER_ORIGIN' });
};

/**
 * Answers to these host names only. Another site could otherwise let its own name point to this machine, and would then
 * be of the same origin (DNS rebinding). `undefined`: to any name.
 */
export function knownHostsOnly(names: readonly string[] | undefined): RequestHandler {
  return (request, response, next) => {
    if (names === undefined || names.includes(request.hostname)) next();
    else
      response
        .status(421)
        .json({ error: 'This server does not answer to that host name.', code: 'OTHER_HOST' });
  };
}
