export type { BackendSubject, Spoiled } from './backend-contract/backend-check.js';
export { describeSessionBackend } from './backend-contract/describe-session-backend.js';
export { type BenchmarkOptions, runBenchmark } from './bench/benchmark.js';
export type { Condition, Contestant, Gauge, Load, Measurement, Operation, Role } from './bench/contestant.js';
export { benchmarkMarkdown } from './bench/markdown.js';
export { benchmarkPlot } from './bench/plot.js';
export type { ApplicationResult, BenchmarkReport, Result } from './bench/report.js';
export {
  type FaultMode,
  type FaultProxy,
  type HeldReplies,
  type HeldRequests,
  startFaultProxy,
} from './faults/fault-proxy.js';
export { type MongoServer, startFerret, startMongo } from './servers/mongo.js';
export {
  type MongoMember,
  type MongoReplicaSet,
  type MongoReplicaSetOptions,
  startMongoReplicaSet,
} from './servers/mongo-replica-set.js';
export { type MongoShardedCluster, startMongoShardedCluster } from './servers/mongo-sharded.js';
export { type PgBouncer, type PgBouncerOptions, startPgBouncer } from './servers/pgbouncer.js';
export { type PostgresServer, startPostgres } from './servers/postgres.js';
export {
  type PostgresStandby,
  type PostgresStandbyOptions,
  startPostgresStandby,
} from './servers/postgres-standby.js';
export { type RedisOptions, type RedisServer, startRedis } from './servers/redis.js';
export { type RedisCluster, type RedisClusterOptions, startRedisCluster } from './servers/redis-cluster.js';
export type { RedisNode } from './servers/redis-process.js';
export {
  type RedisSentinel,
  type RedisSentinelOptions,
  startRedisSentinel,
} from './servers/redis-sentinel.js';
export { type SoakReport, soakReportText } from './soak/report.js';
export { soakSessionStore } from './soak/soak.js';
export type { SoakOptions, SoakProgress } from './soak/soak-options.js';
export type { Fault, Outage } from './soak/weather.js';
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
