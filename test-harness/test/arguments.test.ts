import {
  type BackendSubject,
  checkSessionStore,
  describeSessionBackend,
  describeSessionStore,
  runBenchmark,
  soakSessionStore,
  subjectFrom,
} from '@session-stores/test-harness';
import { MemoryStore } from 'express-session';
import { describe, expect, it } from 'vitest';

const create = () => new MemoryStore();
const registered: string[] = [];
const runner = {
  describe: (name: string) => registered.push(name),
  it: Object.assign(() => {}, { skip: () => {} }),
};

/** What is wrong, in JavaScript, where no compiler looks; and what is said of it. */
type Wrong = [given: object, says: string];

describe('what would check less than was meant is refused', () => {
  it.each<Wrong>([
    [{ area: ['destroy'] }, "there is no 'area' in the options of the suite; there may be areas, levels"],
    [{ areas: ['destory'] }, "areas: there is no 'destory'; there are interface, destroy"],
    [{ areas: 'destroy' }, 'areas has to be an array'],
    [{ levels: ['promised'] }, "there is no 'promised'; there are required, promise"],
    [{ areas: [] }, 'leave no check'],
    [{ checks: [] }, 'leave no check'],
    [{ concurrency: 0 }, 'concurrency has to be a number from 1'],
    [{ concurrency: Number.NaN }, 'concurrency has to be a number from 1'],
    [{ concurrency: '4' }, 'concurrency has to be a number from 1'],
    [{ concurrency: 1.5 }, 'concurrency has to be a whole number'],
  ])('by checkSessionStore: %j', async (options, says) => {
    const first = checkSessionStore(create, options).next();
    await expect(first).rejects.toThrow(says);
    await expect(first).rejects.toBeInstanceOf(TypeError);
  });

  it.each<Wrong>([
    [{ without: ['tuch'] }, "without: there is no 'tuch'; there are network, shared"],
    [{ areas: ['destory'] }, "there is no 'destory'"],
    [{ concurrency: 2 }, "there is no 'concurrency' in"],
  ])('by describeSessionStore, before it registers anything: %j', (options, says) => {
    expect(() => describeSessionStore(create, runner, options)).toThrow(says);
    expect(registered).toEqual([]);
  });

  it.each<Wrong>([
    [
      { supports: { netwrok: { host: '127.0.0.1', port: 1 } } },
      "there is no 'netwrok' in `supports` of a subject; there may be network, shared",
    ],
    [{ supports: { network: '127.0.0.1:6379' } }, 'has to be { host, port }'],
    [
      { supports: { network: { host: '127.0.0.1', port: '6379' } } },
      'port` has to be a number from 1 to 65535',
    ],
    [{ supports: { network: { host: '127.0.0.1' } } }, 'port` has to be a number'],
    [{ supports: { shared: 'yes' } }, 'shared` has to be a boolean; got string'],
    [{ supports: { processes: true } }, 'has to be the URL of a module'],
    [{ supports: { corrupt: true } }, 'corrupt` has to be a function'],
    [{ supports: ['shared'] }, "there is no '0' in"],
    [{ supports: null }, 'has to be an object; got null'],
    [{ close: true }, 'close` of a subject has to be a function'],
  ])('of a subject: %j', (more, says) => {
    const make = () => subjectFrom({ name: 'store', create, ...more });
    expect(make).toThrow(says);
    expect(make).toThrow(TypeError);
  });

  it.each<Wrong>([
    [{ without: ['prnue'] }, "there is no 'prnue'; there are count, clear, prune"],
    [{ share: true }, "there is no 'share' in"],
    [{ shared: 1 }, 'shared` of the subject has to be a boolean'],
    [{ create: undefined }, 'a function `create`'],
    [{ spoiled: { primitives: ['reed'], apply() {} } }, "there is no 'reed'"],
  ])('by describeSessionBackend: %j', (more, says) => {
    const subject = { name: 'backend', create: () => ({}), ...more } as never as BackendSubject;
    expect(() => describeSessionBackend(subject, runner)).toThrow(says);
    expect(registered).toEqual([]);
  });

  it.each<Wrong>([
    [{ users: Number.NaN }, 'users has to be a number from 1'],
    [{ users: null }, 'users has to be a number from 1'],
    [{ users: 0 }, 'users has to be a number from 1'],
    [{ seconds: undefined }, 'seconds has to be a number'],
    [{ seconds: '60' }, 'seconds has to be a number'],
    [{ histories: 7 }, 'histories has to be a number from 0 to 1'],
    [{ processes: 0 }, 'processes has to be a number from 1'],
    [{ seed: 'a' }, 'seed has to be a number'],
    [{ user: 3 }, "there is no 'user' in"],
    [{ module: undefined }, 'module has to be the URL'],
  ])('by soakSessionStore: %j', async (more, says) => {
    const soak = soakSessionStore({ module: 'file:///never-imported.js', seconds: 1, ...more });
    await expect(soak).rejects.toThrow(says);
    await expect(soak).rejects.toBeInstanceOf(TypeError);
  });

  it.each<Wrong>([
    [{ rounds: 0 }, 'rounds has to be a number from 1'],
    [{ rounds: Number.NaN }, 'rounds has to be a number from 1'],
    [{ milliseconds: '80' }, 'milliseconds has to be a number'],
    [{ operations: ['got'] }, "there is no 'got'; there are create, get"],
    [{ operations: undefined }, 'operations has to be an array'],
    [{ conditions: [{ inFlight: 0, size: 500 }] }, 'inFlight of a condition'],
    [{ conditions: [{ inFlight: 1, size: '500' }] }, 'size of a condition'],
    [{ applicationConnections: undefined }, 'applicationConnections has to be a number'],
  ])('by runBenchmark: %j', async (more, says) => {
    const plan = {
      rounds: 1,
      milliseconds: 1,
      operations: [],
      conditions: [],
      applicationConnections: 0,
      ...more,
    };
    await expect(runBenchmark([{} as never], plan as never)).rejects.toThrow(says);
  });

  it('by runBenchmark: no contestant', async () => {
    const plan = { rounds: 1, milliseconds: 1, operations: [], conditions: [], applicationConnections: 0 };
    await expect(runBenchmark([], plan)).rejects.toThrow('has to have a contestant');
  });
});
