// A store for express-session as its README describes one ("Session Store Implementation"), and nothing more: callbacks,
// and sessions as JSON in a Map. It does what express-session documents, and brings sessions back that were destroyed:
//   session-stores check examples/readme-store.js
import session from 'express-session';

export class MapStore extends session.Store {
  sessions = new Map();

  get(sid, callback) {
    const json = this.sessions.get(sid);
    if (json === undefined) return setImmediate(callback, null, null);
    let found;
    try {
      found = JSON.parse(json);
    } catch (error) {
      return setImmediate(callback, error);
    }
    const { expires } = found.cookie;
    if (expires && new Date(expires) <= new Date()) {
      this.sessions.delete(sid);
      return setImmediate(callback, null, null);
    }
    setImmediate(callback, null, found);
  }

  set(sid, session, callback) {
    try {
      this.sessions.set(sid, JSON.stringify(session));
    } catch (error) {
      return callback && setImmediate(callback, error);
    }
    if (callback) setImmediate(callback, null);
  }

  destroy(sid, callback) {
    this.sessions.delete(sid);
    if (callback) setImmediate(callback, null);
  }

  touch(sid, session, callback) {
    const json = this.sessions.get(sid);
    if (json !== undefined) {
      this.sessions.set(sid, JSON.stringify({ ...JSON.parse(json), cookie: session.cookie }));
    }
    if (callback) setImmediate(callback, null);
  }
}

export default () => new MapStore();
