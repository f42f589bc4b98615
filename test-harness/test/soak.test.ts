import { soakEveryStore } from './soak/soaked-stores.js';

/** Ms: on a busy machine processes take several times as long to start. */
const timeout = 180_000;

soakEveryStore('a short soak', { seconds: 4, requests: 120, processes: 3, users: 24 }, timeout);
