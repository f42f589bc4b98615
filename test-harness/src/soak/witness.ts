import type { ApplicationProcess, Incidents } from './application-handle.js';
import { type Clock, moment } from './clock.js';
import type { Fleet } from './fleet.js';
import type { Court, Story } from './story.js';
import type { ViolationKind, Violations } from './violations.js';
import type { Weather } from './weather.js';

/** Takes down what went wrong, with all that is known of how it came. */
export class Witness implements Court, Incidents {
  readonly clock: Clock;
  readonly #violations: Violations;
  readonly #weather: Weather;
  /** Whose processes are asked what their stores have told. */
  fleet: Fleet | undefined;

  constructor(clock: Clock, violations: Violations, weather: Weather) {
    this.clock = clock;
    this.#violations = violations;
    this.#weather = weather;
  }

  accuse(kind: ViolationKind, story: Story, what: string): void {
    const at = this.clock.now;
    // Asked now: later the process may be gone, or have forgotten.
    const told = this.#violations.tells(kind) ? this.#toldOf(story) : Promise.resolve([]);
    this.#violations.count(kind, async () => {
      const { user, login } = story.identity;
      return [
        `session ${story.name}, user ${user}, login ${login}: ${what} (at ${moment(at).trim()} s)`,
        ...section('asked and answered, in s', story.lines()),
        ...section('what the stores told', await told),
        ...section('what went wrong meanwhile', this.#weather.between(story.beganAt, at)),
      ].join('\n');
    });
  }

  unhandled(process: ApplicationProcess, reason: string): void {
    this.#violations.count('unhandled', () => `${process.name}: ${reason}`);
  }

  died(process: ApplicationProcess, reason: string): void {
    this.#violations.count('died', () => `${process.name}: ${reason}`);
    this.fleet?.refillAfter(process);
  }

  async #toldOf({ name }: Story): Promise<string[]> {
    const told = (this.fleet?.processes ?? []).map(async (process) =>
      (await process.eventsOf(name)).map(({ at, text }) => ({ at: this.clock.from(at), text, process })),
    );
    const events = (await Promise.all(told)).flat().sort((one, other) => one.at - other.at);
    return events.map(({ at, text, process }) => `${moment(at)}  ${process.name.padEnd(6)} ${text}`);
  }
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${title}:`, ...lines.map((line) => `    ${line}`)];
}
