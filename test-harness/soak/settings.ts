import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { SessionStoreOptions } from '@session-stores/core';
import { checkStore, type StoreChoice } from './stores.ts';

export interface Settings extends StoreChoice {
  readonly seconds: number;
  readonly requests: number;
  readonly processes: number;
  readonly users: number;
  readonly seed: number;
  readonly histories: number;
  readonly calm: boolean;
  readonly json: boolean;
}

export const usage = `npm run soak -- --store <store>

  --store <store>      memory, sqlite, redis, postgres or mongo: with a file or a server of its own, which is killed again and
                       again; or sqlite:./path.db, redis://…, postgres://…, mongodb://…, which is not (default memory)
  --form <form>        retrying (default) or plain
  --seconds <number>   for so long users and faults are at work (default 60)
  --requests <number>  and for longer, if they have not sent so many requests by then (default 0)
  --processes <number> of the application (default 4; memory: 1)
  --users <number>     at once (default 100)
  --seed <number>      what users do and what goes wrong follows from it; a run prints its own
  --timeout <ms>       operationTimeout of the store (default 4000: shorter than its own, so that it gives up more often)
  --histories <share>  of all sessions, those whose history is recorded and judged, from 0 to 1 (default 1)
  --calm               nothing goes wrong
  --json               the report as JSON
  --help

The exit code is 1 if anything happened that must never happen.
`;

/** `undefined`: the usage was asked for. Throws an `Error` that says what is wrong. */
export function readSettings(args: readonly string[]): Settings | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: 'string', default: 'memory' },
      form: { type: 'string', default: 'retrying' },
      seconds: { type: 'string', default: '60' },
      requests: { type: 'string', default: '0' },
      processes: { type: 'string', default: '4' },
      users: { type: 'string', default: '100' },
      seed: { type: 'string', default: `${randomInt(2 ** 32)}` },
      timeout: { type: 'string', default: '4000' },
      histories: { type: 'string', default: '1' },
      calm: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const { store, form, calm, json } = values;
  checkStore(store);
  if (form !== 'plain' && form !== 'retrying')
    throw new Error(`--form may be plain or retrying, not '${form}'`);
  const options: SessionStoreOptions = {
    operationTimeout: number('timeout', values.timeout, 100, 3_600_000),
  };
  return {
    store,
    form,
    options,
    calm,
    json,
    seconds: number('seconds', values.seconds, 1, 100_000),
    requests: number('requests', values.requests, 0, 1e9),
    processes: number('processes', values.processes, 1, 64),
    users: number('users', values.users, 1, 10_000),
    histories: number('histories', values.histories, 0, 1),
    seed: number('seed', values.seed, 0, 2 ** 32 - 1),
  };
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw new Error(`--${name} must be a number from ${least} to ${most}, and is '${text}'`);
}
