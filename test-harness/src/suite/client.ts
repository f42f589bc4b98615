/** What came back for one request. */
export interface Reply {
  readonly status: number;
  /** The parsed JSON of the answer, or its text where it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a check looks into it and fails where it is otherwise
  readonly body: any;
  /** The `Set-Cookie` header of the session cookie, if there was one. */
  readonly setCookie: string | undefined;
  readonly headers: Headers;
}

/** A browser, as far as sessions go: it keeps the session cookie that it is given and sends it back. */
export class TestClient {
  readonly #url: string;
  readonly #cookieName: string;
  /** `name=value` as it is sent; set it to send another, or `undefined` to send none. */
  cookie: string | undefined;

  constructor(url: string, cookieName: string, cookie?: string) {
    this.#url = url;
    this.#cookieName = cookieName;
    this.cookie = cookie;
  }

  /** A second window of the same browser: it has the cookie of now and goes its own way from here. */
  clone(): TestClient {
    return new TestClient(this.#url, this.#cookieName, this.cookie);
  }

  get(path: string): Promise<Reply> {
    return this.#send('GET', path, undefined);
  }

  post(path: string, body: unknown = {}): Promise<Reply> {
    return this.#send('POST', path, JSON.stringify(body));
  }

  async #send(method: string, path: string, body: string | undefined): Promise<Reply> {
    const headers: Record<string, string> = {};
    if (this.cookie !== undefined) headers.cookie = this.cookie;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.#url + path, {
      method,
      headers,
      redirect: 'manual',
      body: body ?? null,
    });
    const text = await response.text();
    const setCookie = response.headers.getSetCookie().find((line) => line.startsWith(`${this.#cookieName}=`));
    if (setCookie !== undefined) this.#keep(setCookie);
    return { status: response.status, body: parsed(text), setCookie, headers: response.headers };
  }

  /** Keeps a cookie as a browser does; one that has expired already is the order to forget it. */
  #keep(setCookie: string): void {
    const expires = /;\s*expires=([^;]+)/i.exec(setCookie)?.[1];
    const forgotten = expires !== undefined && Date.parse(expires) <= 0;
    this.cookie = forgotten ? undefined : setCookie.split(';', 1)[0];
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
