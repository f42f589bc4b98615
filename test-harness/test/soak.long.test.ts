import { soakEveryStore } from './soak/soaked-stores.js';

/** Ms: FerretDB, beside another file of tests, takes its time for so many requests. */
const timeout = 400_000;

soakEveryStore('a longer soak', { seconds: 25, requests: 1_500, processes: 4, users: 80 }, timeout);
