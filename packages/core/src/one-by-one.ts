import { atOnce } from './at-once.js';
import { rescued, settling } from './awaitable.js';
import type {
  CallContext,
  ItemError,
  ReadAnswer,
  RecordRemoval,
  RecordTouch,
  RecordWrite,
  RemoveAnswer,
  SessionBackend,
  TouchAnswer,
  WriteAnswer,
} from './backend.js';

/** The primitives of `SessionBackend` for one item each; what they reject with fails that item alone. */
export interface OneItemPrimitives {
  read(id: string, context: CallContext): Promise<ReadAnswer> | ReadAnswer;
  write(write: RecordWrite, context: CallContext): Promise<WriteAnswer> | WriteAnswer;
  touch(touch: RecordTouch, context: CallContext): Promise<TouchAnswer> | TouchAnswer;
  remove(removal: RecordRemoval, context: CallContext): Promise<RemoveAnswer> | RemoveAnswer;
}

/**
 * Makes the primitives that take many items out of four functions that take one, for storages without batches. A call whose
 * time is up before it begins rejects, and asks none of them.
 */
export function oneByOne(
  primitives: OneItemPrimitives,
): Pick<SessionBackend, 'read' | 'write' | 'touch' | 'remove'> {
  return {
    read: eachOf(primitives.read),
    write: eachOf(primitives.write),
    touch: eachOf(primitives.touch),
    remove: eachOf(primitives.remove),
  };
}

function eachOf<Item, Answer>(
  primitive: (item: Item, context: CallContext) => Promise<Answer> | Answer,
): (items: readonly Item[], context: CallContext) => Promise<readonly (Answer | ItemError)[]> {
  return (items, context) => {
    if (context.signal.aborted) {
      return Promise.reject(context.signal.reason);
    }
    const answers = items.map((item) =>
      rescued<Answer | ItemError>(
        () => settling(primitive(item, context)),
        (error) => ({ status: 'error', error }),
      ),
    );
    return answers.some((answer) => answer instanceof Promise)
      ? Promise.all(answers)
      : atOnce(answers as (Answer | ItemError)[]);
  };
}
