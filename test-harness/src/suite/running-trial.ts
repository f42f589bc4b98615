import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RetryingStore } from '@session-stores/core';
import type { Store } from 'express-session';
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.js';
import { type ApplicationOptions, TestApplication } from './application.js';
import { NotApplicable } from './check.js';
import type { Subject, Supports, Surroundings } from './subject.js';
import type { Trial } from './trial.js';

/** The surroundings of one run of one check: its own folder, namespace and proxy, closed in the order of dependence. */
export class RunningTrial implements Trial {
  readonly #subject: Subject;
  readonly #stores: Store[] = [];
  readonly #applications: TestApplication[] = [];
  readonly #directories: string[] = [];
  #surroundings: Surroundings | undefined;
  #proxy: FaultProxy | undefined;

  private constructor(subject: Subject) {
    this.#subject = subject;
  }

  static async prepare(subject: Subject): Promise<RunningTrial> {
    const trial = new RunningTrial(subject);
    const server = subject.supports?.network;
    if (server !== undefined) trial.#proxy = await startFaultProxy(server);
    trial.#surroundings = await trial.#newSurroundings();
    return trial;
  }

  get surroundings(): Surroundings {
    if (this.#surroundings === undefined) throw new Error('the trial is not prepared');
    return this.#surroundings;
  }

  get supports(): Supports {
    return this.#subject.supports ?? {};
  }

  get proxy(): FaultProxy {
    if (this.#proxy === undefined) throw new NotApplicable('the subject does not support network faults');
    return this.#proxy;
  }

  createStore(): Promise<Store> {
    return this.#create(this.surroundings);
  }

  async createRetryingStore(): Promise<Store> {
    const store = await this.createStore();
    if (this.supports.retries) return store;
    try {
      return new RetryingStore(store);
    } catch (error) {
      // A store of session-stores retries better by itself, and says so.
      throw new NotApplicable((error as Error).message, { cause: error });
    }
  }

  async createForeignStore(): Promise<Store> {
    return this.#create(await this.#newSurroundings());
  }

  async startApplication(options: ApplicationOptions = {}): Promise<TestApplication> {
    const store = options.store ?? (await this.createStore());
    const application = await TestApplication.start({ ...options, store });
    this.#applications.push(application);
    return application;
  }

  /** Closes everything, each within its time; what fails to close does not keep the rest open. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#applications.map((application) => application.close()));
    await this.#proxy?.setMode('pass');
    await Promise.allSettled(this.#stores.map((store) => within(5_000, this.#closeStore(store))));
    await this.#proxy?.close();
    for (const directory of this.#directories) await rm(directory, { recursive: true, force: true });
  }

  async #create(surroundings: Surroundings): Promise<Store> {
    const store = await this.#subject.create(surroundings);
    if (typeof store !== 'object' || store === null) {
      throw new TypeError(`create of ${this.#subject.name} made no store, but ${store}`);
    }
    this.#stores.push(store);
    return store;
  }

  async #closeStore(store: Store): Promise<void> {
    if (this.#subject.close !== undefined) return this.#subject.close(store);
    const { close } = store as { close?: () => unknown };
    if (typeof close === 'function') await close.call(store);
  }

  async #newSurroundings(): Promise<Surroundings> {
    // Of one length, so that none begins another.
    const namespace = `suite_${randomBytes(8).toString('hex')}`;
    const directory = await mkdtemp(join(tmpdir(), `${namespace}-`));
    this.#directories.push(directory);
    return { namespace, directory, address: this.#proxy?.address };
  }
}

async function within(milliseconds: number, promise: Promise<void>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const handle = setTimeout(timer.resolve, milliseconds);
  await Promise.race([promise, timer.promise]).finally(() => clearTimeout(handle));
}
