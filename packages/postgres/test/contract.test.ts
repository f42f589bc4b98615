import { announcing } from '../../../test-harness/src/own-tests/announcing.js';
import { contractOn } from './contract-on.js';

contractOn('PostgresBackend', true);
contractOn('PostgresBackend, announcing', true, announcing);
