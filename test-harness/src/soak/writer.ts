import { setTimeout as wait } from 'node:timers/promises';
import type { Note } from './note.js';
import type { Random } from './random.js';
import type { Scene } from './scene.js';
import type { Story } from './story.js';

/** One window of a user: a request after the other, while other windows do the same with the same session. */
export class Writer {
  readonly #story: Story;
  readonly #note: Note;
  readonly #scene: Scene;
  readonly #random: Random;

  constructor(story: Story, scene: Scene, random: Random) {
    this.#story = story;
    this.#note = story.newNote();
    this.#scene = scene;
    this.#random = random;
  }

  /** Resolves when it has done its requests, or the run is over. */
  async work(): Promise<void> {
    for (let left = 1 + this.#random.below(6); left > 0 && !this.#scene.isOver; left--) {
      const choice = this.#random.next();
      if (choice < 0.35) await this.#write('/write', '');
      else if (choice < 0.45) await this.#write('/write', '', true);
      else if (choice < 0.65) await this.#writeSlowly();
      else if (choice < 0.85) await this.#count();
      else await this.#scene.look(this.#story, await this.#anyProcess());
      await wait(this.#random.between(0, 20));
    }
  }

  async #writeSlowly(): Promise<void> {
    const isExplicit = this.#random.chance(0.5);
    const how = `&wait=${this.#random.below(400)}&save=${isExplicit ? 'explicit' : 'end'}`;
    await this.#write('/slow', how, this.#random.chance(0.2), isExplicit);
  }

  /** `isTold`: the application answers when it has saved. */
  async #write(path: string, how: string, takesAway = false, isTold = true): Promise<void> {
    const process = await this.#anyProcess();
    const note = this.#note;
    const version = note.next(takesAway);
    const value = takesAway ? '' : `&value=${version}`;
    const what = `${path.slice(1)} ${note.key} = ${takesAway ? `nothing (${version})` : version}${how}`;
    const asked = this.#story.asking(what, process);
    const reply = await this.#scene.send(this.#story, asked, 'POST', `${path}?key=${note.key}${value}${how}`);
    if (this.#story.heard(asked, reply) !== 'found' || !isTold) return;
    this.#scene.deeds.writes += 1;
    this.#story.stored(note, version);
  }

  async #count(): Promise<void> {
    const process = await this.#anyProcess();
    const asked = this.#story.askingToCount(process);
    const reply = await this.#scene.send(this.#story, asked, 'POST', '/count');
    if (this.#story.heard(asked, reply) !== 'found') return;
    this.#scene.deeds.additions += 1;
    this.#story.countedTo(asked, reply?.body.count);
  }

  #anyProcess() {
    return this.#scene.fleet.any(this.#random);
  }
}
