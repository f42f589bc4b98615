import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RunningDemo } from '../src/running-demo.js';
import type { Settings } from '../src/settings.js';
import { EventReader } from './event-reader.js';
import { endSessions, listed, Visitor } from './visitor.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function start(store: string, more: Partial<Settings> = {}): Promise<RunningDemo> {
  return RunningDemo.start({
    store,
    host: '127.0.0.1',
    port: 0,
    idleLimit: 60_000,
    secret: undefined,
    ...more,
  });
}

describe.each(['memory', 'sqlite'])('the demo on %s', (kind) => {
  let demo: RunningDemo;
  let url: string;

  beforeEach(async () => {
    demo = await start(kind === 'memory' ? kind : `sqlite:${join(folder, `${crypto.randomUUID()}.db`)}`);
    url = demo.url;
  });
  afterEach(() => demo.stop());

  it('serves the page on every device, with what it needs, and nothing elsewhere', async () => {
    const front = await fetch(url);
    expect(front.url).toBe(`${url}/device/1/`);
    expect(await front.text()).toContain('<h1>');
    expect((await fetch(`${url}/device/9`)).url).toBe(`${url}/device/9/`);
    for (const file of ['style.css', 'page.js', 'log.js', 'view.js', 'icon.svg']) {
      const asset = await fetch(`${url}/assets/${file}`);
      expect(asset.status, file).toBe(200);
      expect(asset.headers.get('content-security-policy')).toContain("default-src 'self'");
    }
    for (const path of [
      '/device/0/',
      '/device/10/',
      '/device/x/api/session',
      '/nowhere',
      '/assets/../package.json',
    ]) {
      expect((await fetch(url + path)).status, path).toBe(404);
    }
  });

  it('shows a stranger no session, and makes none for looking', async () => {
    const visitor = new Visitor(url);
    expect(await visitor.session).toEqual({
      status: 200,
      body: { user: null, loggedInAt: null, cart: {}, record: null },
    });
    expect(visitor.cookie).toBeUndefined();
    expect(await demo.store.length()).toBe(0);
  });

  it('logs in, keeps a cart, logs out, and takes the old cookie for nothing', async () => {
    const visitor = new Visitor(url);
    expect((await visitor.login(' Ada ')).body).toMatchObject({ user: 'Ada', cart: {} });
    expect(visitor.setCookie).toMatch(/; Path=\/device\/1\/; .*HttpOnly; SameSite=Lax$/);
    await visitor.add('Tea');
    expect((await visitor.add('Tea')).body.cart).toEqual({ Tea: 2 });
    expect((await visitor.session).body).toMatchObject({ user: 'Ada', cart: { Tea: 2 } });
    const old = visitor.cookie;
    expect(await visitor.logout()).toMatchObject({ status: 200, body: { user: null } });
    expect(visitor.setCookie).toMatch(
      /^demo\.sid=; Path=\/device\/1\/; Expires=.* 1970 .*; HttpOnly; SameSite=Lax$/,
    );
    visitor.cookie = old;
    expect((await visitor.session).body.user).toBeNull();
    expect((await visitor.add('Tea')).status).toBe(401);
    expect(await demo.store.length()).toBe(0);
  });

  it('keeps both of two goods that are added at the same time', async () => {
    const visitor = new Visitor(url);
    await visitor.login('Ada');
    await Promise.all(['Tea', 'Bread', 'Apples', 'Chocolate'].map((item) => visitor.add(item)));
    expect((await visitor.session).body.cart).toEqual({ Tea: 1, Bread: 1, Apples: 1, Chocolate: 1 });
  });

  it('gives a login a new id and ends the session before it', async () => {
    const visitor = new Visitor(url);
    await visitor.login('Mallory');
    const planted = visitor.cookie;
    await visitor.login('Ada');
    expect(visitor.cookie).not.toBe(planted);
    visitor.cookie = planted;
    expect((await visitor.session).body.user).toBeNull();
  });

  it('refuses names and goods that are none', async () => {
    const visitor = new Visitor(url);
    for (const name of ['', '  ', 'x'.repeat(41), 7, null, undefined, {}]) {
      expect((await visitor.login(name)).status).toBe(400);
    }
    await visitor.login('Ada');
    for (const item of ['Gold', '__proto__', 'constructor', 7, undefined]) {
      expect((await visitor.add(item)).status).toBe(400);
    }
  });

  it('answers a body that is no JSON, or too large, as the mistake of the sender', async () => {
    const headers = { origin: url, 'content-type': 'application/json' };
    const address = `${url}/device/1/api/login`;
    expect((await fetch(address, { method: 'POST', headers, body: '{' })).status).toBe(400);
    expect((await fetch(address, { method: 'POST', headers, body: `"${'x'.repeat(20_000)}"` })).status).toBe(
      413,
    );
  });

  it('refuses what another site sends', async () => {
    const visitor = new Visitor(url);
    await visitor.login('Ada');
    for (const origin of ['https://evil.example', 'null', `${url}.evil.example`, undefined]) {
      for (const path of ['/device/1/api/logout', '/operator/end']) {
        const headers = { cookie: visitor.cookie ?? '', ...(origin === undefined ? {} : { origin }) };
        expect((await fetch(url + path, { method: 'POST', headers })).status).toBe(403);
      }
    }
    expect((await visitor.session).body.user).toBe('Ada');
    expect(await statusForHost(url, 'evil.example')).toBe(421);
  });

  it('has a session a device, lists them without their ids, and ends those that an operator names', async () => {
    const visitors = [1, 2, 3].map((device) => new Visitor(url, device));
    for (const [index, visitor] of visitors.entries()) await visitor.login(`User ${index + 1}`);
    const list = await listed(url);
    expect(list).toHaveLength(3);
    expect(list[1]).toMatchObject({ user: 'User 2', device: 2, items: 0 });
    for (const id of await demo.store.ids()) expect(JSON.stringify(list)).not.toContain(id);
    const records = list.slice(0, 2).map(({ record }) => record);
    expect((await endSessions(url, [...records, 'nobody'])).body).toEqual({ ended: 2 });
    const users = await Promise.all(visitors.map(async (visitor) => (await visitor.session).body.user));
    expect(users).toEqual([null, null, 'User 3']);
    expect((await endSessions(url, 'all')).status).toBe(400);
  });

  it('tells the events of the store live, names no id, and goes on after the last one that was seen', async () => {
    const visitor = new Visitor(url);
    await using reader = await EventReader.open(url);
    await visitor.login('Ada');
    await visitor.logout();
    const created = await reader.until('created');
    const destroyed = await reader.until('destroyed', created.data.record);
    expect(destroyed.data.record).toMatch(/^[0-9a-f]{12}$/);
    await using later = await EventReader.open(url, created.id);
    expect((await later.until('destroyed', created.data.record)).id).toBe(destroyed.id);
    expect(later.seen.map(({ id }) => id)).not.toContain(created.id);
  });

  it('keeps no session alive by looking on', async () => {
    await new Visitor(url).login('Ada');
    const before = (await listed(url))[0]?.expires ?? '';
    expect((await listed(url))[0]?.expires ?? '').toBe(before);
  });
});

describe('the idle time limit', () => {
  it('ends a session that nobody uses, and every request moves it', async () => {
    const demo = await start('memory', { idleLimit: 1_500 });
    const visitor = new Visitor(demo.url);
    await visitor.login('Ada');
    const end = Date.parse((await listed(demo.url))[0]?.expires ?? '');
    await until(end - 700);
    expect((await visitor.session).body.user).toBe('Ada');
    await until(end + 50);
    expect((await visitor.session).body.user).toBe('Ada');
    await until(Date.parse((await listed(demo.url))[0]?.expires ?? ''));
    expect((await visitor.session).body.user).toBeNull();
    await demo.stop();
  });
});

describe('a restart', () => {
  it('keeps the sessions in SQLite, and their cookies good, by a secret that only its owner may read', async () => {
    const path = join(folder, 'kept.db');
    const first = await start(`sqlite:${path}`);
    const visitor = new Visitor(first.url);
    await visitor.login('Ada');
    await visitor.add('Tea');
    const gone = new Visitor(first.url, 2);
    await gone.login('Grace');
    const old = gone.cookie;
    await gone.logout();
    expect((await first.stop()).unfinishedDeletions).toEqual([]);

    expect((await stat(`${path}.secret`)).mode & 0o777).toBe(0o600);
    const second = await start(`sqlite:${path}`);
    expect(second.notices).toEqual([]);
    const returning = new Visitor(second.url);
    returning.cookie = visitor.cookie;
    expect((await returning.session).body).toMatchObject({ user: 'Ada', cart: { Tea: 1 } });
    const stillGone = new Visitor(second.url, 2);
    stillGone.cookie = old;
    expect((await stillGone.session).body.user).toBeNull();
    await second.stop();
  });

  it('says what becomes of the sessions where no secret is given', async () => {
    const memory = await start('memory');
    expect(memory.notices.join()).toContain('SESSION_SECRET is not set');
    await memory.stop();
    const path = join(folder, 'spoiled.db');
    await writeFile(`${path}.secret`, 'short');
    await expect(start(`sqlite:${path}`)).rejects.toThrow(/less than 32 characters/);
    expect(await readFile(`${path}.secret`, 'utf8')).toBe('short');
  });
});

async function until(time: number): Promise<void> {
  while (Date.now() < time) await new Promise((resolve) => setTimeout(resolve, time - Date.now()));
}

/** `fetch` does not let its caller choose the host header. */
function statusForHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest(`${url}/operator/sessions`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
