/** Somebody with a browser and its cookies, on one device of the demo. */
export class Visitor {
  cookie: string | undefined;
  /** What the last answer said about the cookie. */
  setCookie: string | null = null;
  readonly #url: string;
  readonly #device: number;

  constructor(url: string, device = 1) {
    this.#url = url;
    this.#device = device;
  }

  get session() {
    return this.#ask('GET', 'session');
  }

  login(user: unknown) {
    return this.#ask('POST', 'login', { user });
  }

  add(item: unknown) {
    return this.#ask('POST', 'cart', { item });
  }

  logout() {
    return this.#ask('POST', 'logout', {});
  }

  async #ask(method: string, route: string, body?: unknown) {
    const response = await fetch(`${this.#url}/device/${this.#device}/api/${route}`, {
      method,
      headers: {
        ...(this.cookie === undefined ? {} : { cookie: this.cookie }),
        ...(method === 'GET' ? {} : { origin: this.#url, 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    this.setCookie = response.headers.get('set-cookie');
    const [pair = ''] = this.setCookie?.split(';') ?? [];
    if (pair.endsWith('=')) this.cookie = undefined;
    else if (pair !== '') this.cookie = pair;
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}

interface ListedSession {
  readonly record: string;
  readonly user: string;
  readonly device: number;
  readonly items: number;
  readonly expires: string;
}

/** The list that an operator sees. */
export async function listed(url: string): Promise<ListedSession[]> {
  const response = await fetch(`${url}/operator/sessions`);
  return (await response.json()) as ListedSession[];
}

/** What an operator gets for ending these sessions. */
export async function endSessions(url: string, records: unknown) {
  const response = await fetch(`${url}/operator/end`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'application/json' },
    body: JSON.stringify({ records }),
  });
  return { status: response.status, body: await response.json() };
}
