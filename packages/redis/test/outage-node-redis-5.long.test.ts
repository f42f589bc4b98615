import { nodeRedis5 } from './applications.js';
import { outageOn } from './outage-on.js';

outageOn('node-redis 5', nodeRedis5);
