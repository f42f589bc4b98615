export type { BackendSubject, Spoiled } from './backend-contract/backend-check.js';
export { describeSessionBackend } from './backend-contract/describe-session-backend.js';
export { type BenchmarkOptions, runBenchmark } from './bench/benchmark.js';
export type { Condition, Contestant, Gauge, Load, Measurement, Operation, Role } from './bench/contestant.js';
export { benchmarkMarkdown } from './bench/markdown.js';
export { benchmarkPlot } from './bench/plot.js';
export type { ApplicationResult, BenchmarkReport, Result } from './bench/report.js';
export { type FaultMode, type FaultProxy, type HeldRequests, startFaultProxy } from './faults/fault-proxy.js';
export { type PostgresServer, startPostgres } from './servers/postgres.js';
export { type RedisOptions, type RedisServer, startRedis } from './servers/redis.js';
export {
  type RedisCluster,
  type RedisClusterNode,
  type RedisClusterOptions,
  startRedisCluster,
} from './servers/redis-cluster.js';
export type { ApplicationOptions, TestApplication } from './suite/application.js';
export {
  type Area,
  areas,
  type Check,
  CheckFailure,
  type CheckResult,
  type Level,
  type Need,
  NotApplicable,
  type Outcome,
} from './suite/check.js';
export { checks } from './suite/checks/index.js';
export type { Reply, TestClient } from './suite/client.js';
export { type DescribeOptions, describeSessionStore, type Runner } from './suite/describe.js';
export type { Gate, Gates } from './suite/gates.js';
export { type CheckOptions, checkSessionStore } from './suite/run-checks.js';
export {
  type Address,
  type Subject,
  type SubjectLike,
  type Supports,
  type Surroundings,
  subjectFrom,
} from './suite/subject.js';
export type { Trial } from './suite/trial.js';
