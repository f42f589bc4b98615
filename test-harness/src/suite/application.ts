import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import session, { type SessionOptions, type Store } from 'express-session';
import { TestClient } from './client.js';
import { type Gate, Gates } from './gates.js';
import { addRoutes, described } from './routes.js';

export interface ApplicationOptions {
  /** Where the sessions live. */
  readonly store?: Store | undefined;
  /** Options of express-session; without them: `resave: false`, `saveUninitialized: false`. */
  readonly session?: Omit<Partial<SessionOptions>, 'store'> | undefined;
  /** Adds middleware and routes after the session middleware and before the application's own routes. */
  readonly routes?: ((app: Express, gates: Gates) => void) | undefined;
}

/** A real Express application with express-session on a free port of 127.0.0.1; `routes.ts` says what it answers to. */
export class TestApplication {
  readonly store: Store;
  /** What reached Express' error handler, oldest first. A request whose headers were not yet sent was answered with 500. */
  readonly errors: unknown[] = [];
  readonly #gates = new Gates();
  readonly #cookieName: string;
  readonly #server: Server;

  private constructor(store: Store, options: ApplicationOptions) {
    this.store = store;
    this.#cookieName = options.session?.name ?? 'connect.sid';
    this.#server = createServer(this.#application(options));
  }

  static async start(options: ApplicationOptions & { readonly store: Store }): Promise<TestApplication> {
    const application = new TestApplication(options.store, options);
    application.#server.listen(0, '127.0.0.1');
    await once(application.#server, 'listening');
    return application;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** A browser that has never been here, or that comes with this cookie (`name=value`). */
  client(cookie?: string): TestClient {
    return new TestClient(this.url, this.#cookieName, cookie);
  }

  /** The gate of this name, where requests wait until the check opens it. */
  gate(name: string): Gate {
    return this.#gates.get(name);
  }

  async close(): Promise<void> {
    this.#gates.openAll();
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #application(options: ApplicationOptions): Express {
    const app = express();
    app.use(express.json({ limit: '64mb', strict: false }));
    app.use(
      session({
        secret: 'the suite',
        resave: false,
        saveUninitialized: false,
        ...options.session,
        store: this.store,
      }),
    );
    options.routes?.(app, this.#gates);
    addRoutes(app, this.#gates);
    app.use(((error, _request, response, _next) => {
      this.errors.push(error);
      // express-session reports a failed save after the answer has gone out; then nobody can be told any more.
      if (!response.headersSent) response.status(500).json({ error: described(error) });
    }) satisfies express.ErrorRequestHandler);
    return app;
  }
}
