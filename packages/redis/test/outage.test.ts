import { ioredis6, nodeRedis6 } from './applications.js';
import { outageOn } from './outage-on.js';

outageOn('ioredis 6', ioredis6);
outageOn('node-redis 6', nodeRedis6);
