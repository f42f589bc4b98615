import type { ApplicationProcess } from './application-handle.js';
import type { Random } from './random.js';
import type { Scene } from './scene.js';
import type { Story } from './story.js';

/** Sessions that wait for so many others, to be ended in one call. */
const together = 6;
/** Ms that they wait at the most. */
const patience = 100;

interface Waiting {
  readonly story: Story;
  readonly done: (by: ApplicationProcess | undefined) => void;
}

/** The ways in which a session is ended. Each resolves to the process that has acknowledged it, if one has. */
export class Endings {
  readonly #scene: Scene;
  #waiting: Waiting[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Its user logs out. */
  async logout(story: Story, process: ApplicationProcess): Promise<ApplicationProcess | undefined> {
    const asked = story.askingForEnd('logout', process);
    const reply = await this.#scene.send(story, asked, 'POST', '/logout');
    if (story.heard(asked, reply) !== 'found') return undefined;
    story.ended();
    this.#scene.deeds.logouts += 1;
    return process;
  }

  /** Somebody else ends it, or several at once. */
  async end(stories: readonly Story[], process: ApplicationProcess): Promise<ApplicationProcess | undefined> {
    const what = stories.length > 1 ? `end of ${stories.length}` : 'end';
    const asked = stories.map((story) => story.askingForEnd(what, process));
    const body = stories.map(({ identity }) => identity.id);
    const reply = await this.#scene.caller.send(process, { method: 'POST', path: '/operator/end', body });
    const isDone = reply?.status === 200;
    for (const [index, story] of stories.entries()) {
      story.noted(asked[index] as (typeof asked)[number], `${reply?.status ?? 'no answer'}`);
      if (isDone) story.ended();
    }
    if (!isDone) return undefined;
    this.#scene.deeds.endedByOthers += stories.length;
    return process;
  }

  /** Somebody else ends it together with those of other users. */
  endTogether(story: Story, random: Random): Promise<ApplicationProcess | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ story, done: resolve });
      const isFirst = this.#waiting.length === 1;
      if (this.#waiting.length >= together) this.#endWaiting(random).catch(reject);
      else if (isFirst) setTimeout(() => this.#endWaiting(random).catch(reject), patience);
    });
  }

  async #endWaiting(random: Random): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    const process = await this.#scene.fleet.any(random);
    const by = await this.end(
      waiting.map(({ story }) => story),
      process,
    );
    for (const { done } of waiting) done(by);
  }
}
