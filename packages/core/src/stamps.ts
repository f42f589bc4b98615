/** A class whose constructor hands back the object that it is given, so that the fields of a subclass are put onto that. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: there is no other way to put a private field onto any object
    return object;
  }
}

/**
 * Remembers something of objects, as a WeakMap does, and as invisibly: a private field is in no listing, copy or JSON of the
 * object, and a proxy traps nothing of it. But an entry of a WeakMap costs the garbage collector several microseconds, more
 * than all the rest of a `get`.
 */
export class Stamps<Value> {
  /** For what is frozen or sealed: the language may one day refuse private fields there. */
  readonly #ofFixed = new WeakMap<object, Value>();
  readonly put: (object: object, value: Value) => void;
  readonly of: (object: object) => Value | undefined;

  constructor() {
    const ofFixed = this.#ofFixed;
    // A class of its own for each: what one remembers of an object is nothing to another.
    class Stamped extends Given {
      #value: Value | undefined;

      static put(object: object, value: Value): void {
        if (#value in object) {
          (object as Stamped).#value = value;
        } else if (Object.isExtensible(object)) {
          (new Stamped(object) as Stamped).#value = value;
        } else {
          ofFixed.set(object, value);
        }
      }

      static of(object: object): Value | undefined {
        return #value in object ? (object as Stamped).#value : ofFixed.get(object);
      }
    }
    this.put = Stamped.put;
    this.of = Stamped.of;
  }
}
