import { handshakeOn } from './handshake-on.js';

const options = (url: string) => `{ client: createClient({ url: '${url}' }) }`;

handshakeOn(
  { name: 'node-redis 6', calls: 60, options, imports: "import { createClient } from 'redis';" },
  { name: 'node-redis 5', calls: 60, options, imports: "import { createClient } from 'redis-5';" },
);
