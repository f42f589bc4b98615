import { announcing } from '../../../test-harness/src/own-tests/announcing.js';
import { contractOn } from './contract-on.js';

contractOn('MongoBackend, announcing', announcing);
