import type { Fleet } from './fleet.js';
import type { Fault } from './weather.js';

/** The faults of the application's own processes. */
export function processFaults(fleet: Fleet): Fault[] {
  return [
    {
      name: 'process killed',
      async begin(random) {
        const index = random.below(fleet.size);
        const where = fleet.processes[index]?.name;
        await fleet.replace(index);
        return { where, end: async () => {} };
      },
    },
    {
      name: 'process frozen',
      async begin(random) {
        const frozen = random.pick(fleet.processes);
        frozen.freeze();
        return { where: frozen.name, end: async () => frozen.thaw() };
      },
    },
  ];
}
