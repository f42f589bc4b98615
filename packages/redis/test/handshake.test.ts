import { handshakeOn } from './handshake-on.js';

handshakeOn({ name: 'ioredis 6', calls: 250, options: (url) => `{ url: '${url}' }` });
