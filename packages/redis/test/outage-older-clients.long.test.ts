import { ioredis5, nodeRedis5 } from './applications.js';
import { outageOn } from './outage-on.js';

outageOn('ioredis 5', ioredis5);
outageOn('node-redis 5', nodeRedis5);
