interface Told {
  readonly id: string;
  readonly data: { readonly event: string; readonly record?: string };
}

/** Reads the Server-Sent Events of the demo. */
export class EventReader implements AsyncDisposable {
  readonly seen: Told[] = [];
  readonly #stopping: AbortController;
  readonly #events: AsyncIterator<Told>;

  private constructor(stream: AsyncIterable<Uint8Array>, stopping: AbortController) {
    this.#stopping = stopping;
    this.#events = events(stream);
  }

  static async open(url: string, lastId?: string): Promise<EventReader> {
    const stopping = new AbortController();
    const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
    const response = await fetch(`${url}/operator/events`, { headers, signal: stopping.signal });
    if (response.body === null) throw new Error('no body');
    return new EventReader(response.body, stopping);
  }

  /** The next event of this name, of this record if one is given. */
  async until(event: string, record?: string): Promise<Told> {
    while (true) {
      const { value, done } = await this.#events.next();
      if (done) throw new Error(`the stream ended before ${event}`);
      this.seen.push(value);
      if (value.data.event === event && (record === undefined || value.data.record === record)) return value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
  }
}

async function* events(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Told> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const messages = text.split('\n\n');
    text = messages.pop() ?? '';
    for (const message of messages) {
      const [, id, data] = /^id: (.+)\ndata: (.+)$/.exec(message) ?? [];
      if (id !== undefined && data !== undefined) yield { id, data: JSON.parse(data) };
    }
  }
}
