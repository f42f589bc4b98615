/** What one node of a Redis Cluster knows of another, or of itself. */
export interface NodeView {
  readonly id: string;
  readonly port: number;
  readonly isMaster: boolean;
  /** Its master's id, if it is a replica. */
  readonly masterId: string;
  /** Whether somebody holds it for down. */
  readonly fails: boolean;
  /** From and to, inclusive. */
  readonly slots: readonly (readonly [number, number])[];
}

export const slotCount = 16_384;

/** The lines of CLUSTER NODES: id, address, flags, master, ping, pong, epoch, link, and slots (moving ones in brackets). */
export function parseClusterNodes(text: string): readonly NodeView[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', address = '', flags = '', masterId = '', , , , , ...slots] = line.trim().split(' ');
      return {
        id,
        port: Number(/:(\d+)@/.exec(address)?.[1]),
        isMaster: flags.includes('master'),
        masterId,
        fails: /fail|handshake|noaddr/.test(flags),
        slots: slots
          .filter((range) => !range.startsWith('['))
          .map((range) => {
            const [from, to = from] = range.split('-').map(Number) as [number, number?];
            return [from, to] as const;
          }),
      };
    });
}

/** How many slots a node serves. */
export function served({ slots }: NodeView): number {
  return slots.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

export function serves({ slots }: NodeView, slot: number): boolean {
  return slots.some(([from, to]) => slot >= from && slot <= to);
}
