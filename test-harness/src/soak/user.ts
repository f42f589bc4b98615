import { setTimeout as wait } from 'node:timers/promises';
import type { ApplicationProcess } from './application-handle.js';
import type { Endings } from './endings.js';
import type { Random } from './random.js';
import type { Scene } from './scene.js';
import { Story } from './story.js';
import { Writer } from './writer.js';

/** How often somebody tries to end a session before it is left to the end of the run. */
const mostTries = 6;

type Ending = 'logout' | 'end' | 'end together' | 'login again' | 'stay';

const endings: readonly Ending[] = [
  ...Array<Ending>(9).fill('logout'),
  ...Array<Ending>(4).fill('end'),
  ...Array<Ending>(3).fill('end together'),
  ...Array<Ending>(3).fill('login again'),
  'stay',
];

/** Somebody who logs in, works with several requests at once, and is logged out in the middle of them, again and again. */
export class User {
  readonly #number: number;
  readonly #random: Random;
  readonly #scene: Scene;
  readonly #endings: Endings;
  #logins = 0;

  constructor(number: number, random: Random, scene: Scene, endings: Endings) {
    this.#number = number;
    this.#random = random;
    this.#scene = scene;
    this.#endings = endings;
  }

  /** Resolves when the run is over and all its requests are. */
  async live(): Promise<void> {
    let story: Story | undefined;
    while (!this.#scene.isOver) {
      story ??= await this.#login(await this.#anyProcess());
      if (story === undefined) await wait(this.#random.between(20, 200));
      else story = await this.#use(story);
    }
  }

  /** Works until the session has ended; resolves to the one that has come in its place, if one has. */
  async #use(story: Story): Promise<Story | undefined> {
    const ending = this.#random.pick(endings);
    const random = this.#random;
    const work = Array.from({ length: 1 + random.below(4) }, (_, index) =>
      new Writer(story, this.#scene, random.branch(this.#logins * 8 + index)).work(),
    );
    const isSudden = ending !== 'stay' && random.chance(0.7);
    if (isSudden) await wait(random.between(0, 150));
    else {
      await Promise.all(work);
      await this.#scene.look(story, await this.#anyProcess());
    }
    const successor = ending === 'stay' ? undefined : await this.#end(story, ending);
    await Promise.all(work);
    // What was still running when it ended has been saved by now, if a store does so.
    if (story.hasEnded) await this.#lookAfterEnd(story, await this.#anyProcess());
    return successor;
  }

  async #end(story: Story, ending: Ending): Promise<Story | undefined> {
    let by: ApplicationProcess | undefined;
    let successor: Story | undefined;
    const process = await this.#anyProcess();
    if (ending === 'logout') by = await this.#endings.logout(story, process);
    else if (ending === 'end') by = await this.#endings.end([story], process);
    else if (ending === 'end together') by = await this.#endings.endTogether(story, this.#random);
    else {
      successor = await this.#login(process, story);
      if (successor !== undefined) by = process;
    }
    for (let tries = 1; !story.hasEnded && tries < mostTries && !this.#scene.isOver; tries++) {
      await wait(this.#random.between(20, 300));
      by = await this.#endings.end([story], await this.#anyProcess());
    }
    if (story.hasEnded) {
      const others = this.#scene.fleet.serving.filter((each) => each !== by);
      await Promise.all(others.map((each) => this.#lookAfterEnd(story, each)));
    }
    return successor;
  }

  async #lookAfterEnd(story: Story, process: ApplicationProcess): Promise<void> {
    this.#scene.deeds.looksAfterEnd += 1;
    await this.#scene.look(story, process);
  }

  /** With the cookie of `old` the application destroys that session first. */
  async #login(process: ApplicationProcess, old?: Story): Promise<Story | undefined> {
    const user = this.#number;
    const login = ++this.#logins;
    const asked = old?.askingForEnd('login again', process);
    const path = `/login?user=${user}&login=${login}`;
    const cookie = old?.identity.cookie;
    const sentAt = this.#scene.clock.now;
    const reply = await this.#scene.caller.send(process, { method: 'POST', path, cookie });
    if (old !== undefined && asked !== undefined) old.noted(asked, `${reply?.status ?? 'no answer'}`);
    if (reply?.status !== 200 || reply.cookie === undefined) return undefined;
    const { id, replaced } = reply.body as { id: string; replaced?: number };
    const { deeds, stories, court } = this.#scene;
    deeds.logins += 1;
    if (old !== undefined) {
      deeds.replaced += 1;
      old.replaced(replaced, process);
    }
    const story = new Story({ id, user, login, cookie: reply.cookie }, court);
    story.noted({ ...story.asking('login', process), sentAt }, '200');
    stories.push(story);
    return story;
  }

  #anyProcess(): Promise<ApplicationProcess> {
    return this.#scene.fleet.any(this.#random);
  }
}
