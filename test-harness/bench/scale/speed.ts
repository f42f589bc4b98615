import { callEach, type Population } from './population.ts';

/** What is compared: the same work on few and on many sessions. */
export const speeds = ['get', 'touch', 'save', 'destroy', 'create'] as const;

export type Speed = (typeof speeds)[number];

/** Calls of one stretch. */
const stretch = 1_000;

/** Operations a second on sessions picked at random. Those that are destroyed are created again. */
export async function speedOf(population: Population): Promise<Record<Speed, number>> {
  const places = population.sample(stretch);
  const count = places.length;
  const at = (index: number): number => places[index] as number;
  const get = await callEach(count, (index) => population.get(at(index)));
  const loaded = await Promise.all(places.map((place) => population.load(place)));
  const session = (index: number) => loaded[index] as (typeof loaded)[number];
  const touch = await callEach(count, (index) => {
    session(index).resetMaxAge();
    return population.store.touch(population.idOf(at(index)), session(index));
  });
  const save = await callEach(count, (index) => {
    session(index).counter += 1;
    return population.store.set(population.idOf(at(index)), session(index));
  });
  const destroy = await callEach(count, (index) => population.destroy(at(index)));
  const create = await callEach(count, (index) => population.create(at(index)));
  return { get, touch, save, destroy, create };
}

/** Of destroys that are called all at once, in a loop and by `destroyMany`: how many a second. */
export async function massDestroy(
  population: Population,
  count: number,
): Promise<{ oneByOne: number; many: number }> {
  const all = population.sample(count);
  const rate = async (work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work();
    return (1000 * all.length) / (performance.now() - began);
  };
  const oneByOne = await rate(() => Promise.all(all.map((place) => population.destroy(place))));
  await callEach(all.length, (index) => population.create(all[index] as number));
  const many = await rate(() => population.store.destroyMany(all.map((place) => population.idOf(place))));
  await callEach(all.length, (index) => population.create(all[index] as number));
  return { oneByOne, many };
}
