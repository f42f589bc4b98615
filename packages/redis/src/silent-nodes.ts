import type { Driver } from './driver.js';

// A node that has let a call wait until its time was up gets this long to answer anything at all, in ms.
const patience = 500;

/**
 * Ends the connections to those nodes of a Cluster that do not answer. What waits on them fails; the driver opens new ones
 * when it needs them, and looks up then who serves the slots now.
 */
export async function endSilentNodes(driver: Driver): Promise<void> {
  // A node that nothing was ever sent to has no connection.
  const nodes = driver.nodes?.('used') ?? [];
  await Promise.all(
    nodes.map(async (node) => {
      const timer = setTimeout(() => node.hangUp(), patience);
      await node.send(['ping']).catch(() => {});
      clearTimeout(timer);
    }),
  );
}
