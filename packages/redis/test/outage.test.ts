import { ioredis5, ioredis6, nodeRedis6 } from './applications.js';
import { outageOn } from './outage-on.js';

outageOn('ioredis 6', ioredis6);
outageOn('ioredis 5', ioredis5);
outageOn('node-redis 6', nodeRedis6);
