import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { Random } from '../../soak/random.js';
import type { HeldSession } from '../recording/held-session.js';
import type { RecordedClient, Recorder } from '../recording/recorder.js';

const keys = ['a', 'b', 'c'] as const;

/** A client that makes requests by chance. What it writes nobody else writes. */
export class Visitor {
  readonly #client: RecordedClient;
  /** The same client, for requests that do not wait for each other. */
  readonly #parallel: readonly RecordedClient[];
  readonly #name: string;
  readonly #ids: readonly string[];
  readonly #random: Random;
  readonly #canUpdate: boolean;
  readonly #canTouch: boolean;
  #written = 0;

  constructor(recorder: Recorder, name: string, ids: readonly string[], random: Random) {
    this.#client = recorder.client(name);
    this.#parallel = ['a', 'b', 'c'].map((letter) => recorder.client(name + letter));
    this.#name = `${recorder.name}.${name}`;
    this.#ids = ids;
    this.#random = random;
    this.#canUpdate = recorder.has('update');
    this.#canTouch = recorder.has('touch');
  }

  async visit(requests: number): Promise<void> {
    for (let left = requests; left > 0; left -= 1) {
      await this.#pause();
      const id = this.#random.pick(this.#ids);
      const choice = this.#random.next();
      if (choice < 0.55) await this.#request(id);
      else if (choice < 0.68) await this.#client.look(id);
      else if (choice < 0.8 && this.#canUpdate) await this.#count(id);
      else if (choice < 0.9) await this.#client.destroy(id);
      else if (choice < 0.95) await this.#logIn(id);
      else await this.#client.replace(id, { a: this.#value() });
    }
  }

  /** One after another or, as a page does that asks for several things, at once. */
  async #count(id: string): Promise<void> {
    const change = this.#random.chance(0.5) ? countUp : counted;
    const times = this.#random.chance(0.5) ? 1 : this.#parallel.length;
    await Promise.all(this.#parallel.slice(0, times).map((client) => client.update(id, change)));
  }

  /** As express-session serves one: the session is loaded, something happens meanwhile, and at the end it is saved. */
  async #request(id: string): Promise<void> {
    const held = await this.#client.load(id);
    if (held === undefined) {
      if (this.#random.chance(0.7)) await this.#logIn(id);
      return;
    }
    await this.#pause();
    if (this.#canTouch && this.#random.chance(0.15)) {
      await this.#client.touch(held);
      return;
    }
    await this.#changeAndSave(held);
    if (this.#random.chance(0.25)) {
      await this.#pause();
      await this.#changeAndSave(held);
    }
  }

  async #logIn(id: string): Promise<void> {
    const made = this.#client.make(id, { user: this.#value() });
    await this.#pause();
    await this.#client.save(made);
  }

  async #changeAndSave(held: HeldSession): Promise<void> {
    const { session } = held;
    const key = this.#random.pick(keys);
    if (this.#random.chance(0.15)) delete session[key];
    else session[key] = this.#value();
    await this.#client.save(held);
  }

  #value(): string {
    this.#written += 1;
    return `${this.#name}.${this.#written}`;
  }

  /** Mostly none, so that calls meet; sometimes as long as a slow request takes. */
  async #pause(): Promise<void> {
    const choice = this.#random.next();
    if (choice < 0.4) return;
    if (choice < 0.7) await turn();
    else await wait(this.#random.between(1, 25));
  }
}

function countUp(session: Record<string, unknown>): undefined {
  session.count = Number(session.count ?? 0) + 1;
}

function counted(session: Record<string, unknown>): Record<string, unknown> {
  return { ...session, count: Number(session.count ?? 0) + 1 };
}
