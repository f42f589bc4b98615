import { setTimeout as wait } from 'node:timers/promises';
import { recordName } from '@session-stores/core';
import type { ApplicationProcess } from './application-handle.js';
import type { Call, Reply } from './caller.js';
import type { Random } from './random.js';
import type { Scene } from './scene.js';
import type { Story } from './story.js';
import type { Violations } from './violations.js';

/** Ids in one request. */
const portion = 200;

type Listing = readonly [ApplicationProcess, readonly string[]];

/** What is looked at when all requests have ended and nothing is wrong any more: then every answer has to be a good one. */
export class Audit {
  readonly #scene: Scene;
  readonly #violations: Violations;
  readonly #random: Random;
  readonly #limit: number;
  readonly #stories: ReadonlyMap<string, Story>;

  /** `limit`: ms that a store has to work again, now that everything is well. */
  constructor(scene: Scene, violations: Violations, random: Random, limit: number) {
    this.#scene = scene;
    this.#violations = violations;
    this.#random = random;
    this.#limit = limit;
    this.#stories = new Map(scene.stories.map((story) => [story.identity.id, story]));
  }

  /** Resolves when no session is left. */
  async run(): Promise<void> {
    const { serving } = this.#scene.fleet;
    const ended = this.#scene.stories.filter((story) => story.hasEnded);
    const others = this.#scene.stories.filter((story) => !story.hasEnded);
    await inPortions(others, (stories) => Promise.all(stories.map((story) => this.#lookAt(story))));
    await inPortions(ended, (stories) => this.#lookForEnded(stories));
    // What is known goes first: a listing has to answer in the time of a call, however many users there were.
    await inPortions(
      others.map(({ identity }) => identity.id),
      (ids) => this.#endAll(ids),
    );
    const listed = await this.#listOneAfterTheOther(serving);
    await inPortions([...new Set(listed.flatMap(([, ids]) => ids))], (ids) => this.#endAll(ids));
    // Who could not list at first is not believed now: what it shows was never asked to end.
    const askedBefore = listed.map(([process]) => process);
    for (const [process, ids] of await this.#listOneAfterTheOther(askedBefore)) {
      for (const id of ids) this.#foundAlive(id, `${process.name} lists it in the end`);
    }
  }

  async #lookAt(story: Story): Promise<void> {
    const call: Call = { method: 'GET', path: '/look', cookie: story.identity.cookie };
    const process = await this.#any();
    const asked = story.asking('look at the end', process);
    const reply = await this.#insist(process, call);
    if (story.heard(asked, reply) === 'found') story.showed(asked, reply?.body.notes, reply?.body.count);
  }

  async #lookForEnded(stories: readonly Story[]): Promise<void> {
    const process = await this.#any();
    const body = stories.map(({ identity }) => identity.id);
    const reply = await this.#insist(process, { method: 'POST', path: '/operator/look', body });
    for (const id of (reply?.body.alive ?? []) as string[]) {
      this.#foundAlive(id, `${process.name} finds it at the end`);
    }
  }

  /** The listings that succeeded; at once they would only slow each other down. */
  async #listOneAfterTheOther(processes: readonly ApplicationProcess[]): Promise<Listing[]> {
    const listings: Listing[] = [];
    for (const process of processes) {
      const reply = await this.#insist(process, { method: 'GET', path: '/operator/ids' });
      if (!Array.isArray(reply?.body.ids)) continue;
      const ids = reply.body.ids as string[];
      for (const id of ids) {
        const story = this.#stories.get(id);
        if (story?.hasEnded) story.foundAfterEnd(`${process.name} lists it at the end`);
      }
      listings.push([process, ids]);
    }
    return listings;
  }

  async #endAll(ids: readonly string[]): Promise<void> {
    await this.#insist(await this.#any(), { method: 'POST', path: '/operator/end', body: ids });
  }

  #any(): Promise<ApplicationProcess> {
    return this.#scene.fleet.any(this.#random);
  }

  #foundAlive(id: string, where: string): void {
    const story = this.#stories.get(id);
    if (story?.hasEnded) story.foundAfterEnd(where);
    else this.#violations.count('aliveAfterLogout', () => `session ${recordName(id)}: ${where}`);
  }

  /** Repeats what is refused; a store that goes on refusing has not recovered. */
  async #insist(process: ApplicationProcess, call: Call): Promise<Reply | undefined> {
    const deadline = performance.now() + this.#limit;
    for (;;) {
      const reply = await this.#scene.caller.send(process, call);
      if (reply === undefined || reply.status < 500 || reply.status === 501) return reply;
      if (performance.now() > deadline) {
        const came = `${reply.status} ${JSON.stringify(reply.body)}`;
        this.#violations.count(
          'notRecovered',
          () => `${call.method} ${call.path} to ${process.name}: ${came}`,
        );
        return undefined;
      }
      await wait(100);
    }
  }
}

async function inPortions<Item>(
  items: readonly Item[],
  work: (portion: readonly Item[]) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += portion) {
    await work(items.slice(start, start + portion));
  }
}
