import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a browser shows. */
export interface Visit {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** A browser with one tab, which keeps the cookie that it was given last. */
export interface Browser {
  /** `path` with its slash. */
  go(path: string): Promise<Visit>;
  readonly cookie: string;
}

/** A browser at this application, which is ended by what is handed to `onTestFinished`. */
export async function browserAt(
  application: RequestListener,
  onTestFinished: (end: () => Promise<void>) => void,
): Promise<Browser> {
  const server = createServer(application).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  let cookie = '';
  return {
    async go(path) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie } });
      const { status, headers } = response;
      cookie = headers.get('set-cookie')?.split(';')[0] ?? cookie;
      return { status, headers, text: await response.text() };
    },
    get cookie() {
      return cookie;
    },
  };
}
