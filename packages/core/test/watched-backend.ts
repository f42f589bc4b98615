import {
  type CallContext,
  type ChangeListener,
  type ReadAnswer,
  type RecordRemoval,
  type RecordTouch,
  type RecordWrite,
  recordName,
  type Watch,
} from '@session-stores/core';
import { LossyBackend } from './lossy-backend.js';

/** The same with a channel, on which a test decides when what is heard. */
export class WatchedBackend extends LossyBackend {
  readonly listeners: ChangeListener[] = [];
  /** Not heard yet. */
  readonly announced: { readonly name: string; readonly by: string }[] = [];
  expiryUncertainty = 0;
  /** Runs between the effect of a read and its reply. */
  beforeReply: (() => void) | undefined;

  async watch(listener: ChangeListener): Promise<Watch> {
    this.listeners.push(listener);
    return {
      stop: async () => {
        this.listeners.splice(this.listeners.indexOf(listener), 1);
      },
    };
  }

  /** All is told until now, or until so many ms ago. */
  vouch(ago = 0): void {
    for (const listener of this.listeners) listener.toldUntil(performance.now() - ago);
  }

  tell(): void {
    for (const { name, by } of this.announced.splice(0)) {
      for (const listener of this.listeners) listener.changed([name], by);
    }
  }

  lose(): void {
    for (const listener of this.listeners) listener.lost();
  }

  reads(): number {
    return this.calls.filter((call) => call.startsWith('read')).length;
  }

  override async read(ids: readonly string[], context: CallContext): Promise<readonly ReadAnswer[]> {
    const answers = await super.read(ids, context);
    this.beforeReply?.();
    return answers;
  }

  override write(writes: readonly RecordWrite[], context: CallContext) {
    this.#announce(writes, context);
    return super.write(writes, context);
  }

  override touch(touches: readonly RecordTouch[], context: CallContext) {
    this.#announce(touches, context);
    return super.touch(touches, context);
  }

  override remove(removals: readonly RecordRemoval[], context: CallContext) {
    this.#announce(removals, context);
    return super.remove(removals, context);
  }

  #announce(items: readonly { readonly id: string }[], { announceAs }: CallContext): void {
    if (announceAs === undefined) return;
    for (const { id } of items) this.announced.push({ name: recordName(id), by: announceAs });
  }
}
