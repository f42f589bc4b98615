import { contractOn } from './contract-on.js';

contractOn('PostgresBackend, preparedStatements: false', false);
