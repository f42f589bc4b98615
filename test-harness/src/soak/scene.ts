import type { ApplicationProcess } from './application-handle.js';
import type { Call, Caller, Reply } from './caller.js';
import type { Clock } from './clock.js';
import type { Fleet } from './fleet.js';
import type { Asked, Court, Story } from './story.js';

/** How much of what was done and acknowledged. */
export interface Deeds {
  logins: number;
  /** Sessions whose end was acknowledged: by a logout of their own, by others, by a new login in their place. */
  logouts: number;
  endedByOthers: number;
  replaced: number;
  writes: number;
  additions: number;
  looks: number;
  /** Looks at sessions that had ended, by the processes that had not ended them. */
  looksAfterEnd: number;
}

/** What all users of a run have in common. */
export class Scene {
  readonly fleet: Fleet;
  readonly caller: Caller;
  readonly clock: Clock;
  readonly court: Court;
  readonly deeds: Deeds = {
    logins: 0,
    logouts: 0,
    endedByOthers: 0,
    replaced: 0,
    writes: 0,
    additions: 0,
    looks: 0,
    looksAfterEnd: 0,
  };
  /** All sessions that were ever acknowledged. */
  readonly stories: Story[] = [];
  /** Whether users have to come to an end. */
  isOver = false;

  constructor(fleet: Fleet, caller: Caller, court: Court, clock: Clock) {
    this.fleet = fleet;
    this.caller = caller;
    this.court = court;
    this.clock = clock;
  }

  /** Sends a request with the cookie of a session. */
  send(story: Story, asked: Asked, method: Call['method'], path: string): Promise<Reply | undefined> {
    return this.caller.send(asked.process, { method, path, cookie: story.identity.cookie });
  }

  /** Looks whether a session is there, and whether all is there that has to be. */
  async look(story: Story, process: ApplicationProcess): Promise<void> {
    const asked = story.asking('look', process);
    const reply = await this.send(story, asked, 'GET', '/look');
    if (story.heard(asked, reply) !== 'found') return;
    this.deeds.looks += 1;
    story.showed(asked, reply?.body.notes, reply?.body.count);
  }
}
