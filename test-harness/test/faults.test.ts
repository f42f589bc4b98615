import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../src/faults/fault-proxy.js';

/** A real server that answers every line with `echo <line>` and remembers what it got on which connection. */
class EchoServer {
  readonly received: string[] = [];
  readonly ended: Promise<void>[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #listeners: (() => void)[] = [];

  constructor() {
    this.#server = createServer((socket) => {
      this.connections++;
      this.#sockets.add(socket);
      this.ended.push(new Promise((resolve) => socket.on('close', () => resolve())));
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        this.received.push(String(chunk));
        for (const listener of this.#listeners) listener();
        socket.write(`echo ${chunk}`);
      });
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as { port: number }).port;
  }

  /** Resolves when so much text has arrived, in however many chunks. */
  async arrived(text: string): Promise<void> {
    while (this.received.join('').length < text.length) {
      await new Promise<void>((resolve) => {
        this.#listeners = [resolve];
      });
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** A client's end of a connection, with what came and how it ended. */
class Client {
  readonly socket: Socket;
  readonly closed: Promise<string>;
  text = '';

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    let how = 'ended';
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      how = error.code ?? error.message;
    });
    this.socket.on('data', (chunk) => {
      this.text += chunk;
    });
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve(how)));
  }

  async ask(line: string): Promise<string> {
    this.socket.write(line);
    await once(this.socket, 'data');
    return this.text;
  }
}

/** Long enough for a byte to cross the machine several times: what has not come by then does not come. */
const quiet = 60;

describe('the fault proxy', { timeout: 10_000 }, () => {
  let server: EchoServer;
  let proxy: FaultProxy;

  beforeEach(async () => {
    server = new EchoServer();
    proxy = await startFaultProxy({ host: '127.0.0.1', port: await server.listen() });
  });

  afterEach(async () => {
    await proxy.close();
    server.close();
  });

  async function connected(): Promise<Client> {
    const client = new Client(proxy.address.port);
    expect(await client.ask('hello')).toBe('echo hello');
    client.text = '';
    return client;
  }

  it('passes bytes and the end in both directions', async () => {
    const client = await connected();
    expect(proxy.connections).toBe(1);
    client.socket.end();
    expect(await client.closed).toBe('ended');
    await server.ended[0];
  });

  it('resets the client when the server cannot be reached', async () => {
    server.close();
    await expect(new Client(proxy.address.port).closed).resolves.toBe('ECONNRESET');
  });

  it('refuse: resets what exists, refuses what is new, and has the same port afterwards', async () => {
    const client = await connected();
    const { port } = proxy.address;
    await proxy.setMode('refuse');
    expect(await client.closed).toBe('ECONNRESET');
    await server.ended[0];
    expect(await new Client(port).closed).toBe('ECONNREFUSED');
    await proxy.setMode('pass');
    expect(proxy.address.port).toBe(port);
    await connected();
  });

  it('waits for its port where a copy of the socket still holds it', async () => {
    await proxy.setMode('refuse');
    const other = createServer().listen(proxy.address.port, '127.0.0.1');
    await once(other, 'listening');
    const again = proxy.setMode('pass');
    setTimeout(() => other.close(), 100);
    await again;
    await connected();
  });

  it('reset: resets what exists and what is new', async () => {
    const client = await connected();
    await proxy.setMode('reset');
    expect(await client.closed).toBe('ECONNRESET');
    expect(await new Client(proxy.address.port).closed).toBe('ECONNRESET');
    expect(server.connections).toBe(1);
    await proxy.setMode('pass');
    await connected();
  });

  it('hang: moves no byte on old and new connections, and moves all of them when it ends', async () => {
    const old = await connected();
    await proxy.setMode('hang');
    const fresh = new Client(proxy.address.port);
    await once(fresh.socket, 'connect');
    old.socket.write('old');
    fresh.socket.write('fresh');
    await wait(quiet);
    expect(server.received).toEqual(['hello']);
    expect(proxy.connections).toBe(2);
    const replies = Promise.all([once(old.socket, 'data'), once(fresh.socket, 'data')]);
    await proxy.setMode('pass');
    await replies;
    expect([old.text, fresh.text]).toEqual(['echo old', 'echo fresh']);
  });

  it('hang: a client that closes meanwhile is heard by the server afterwards', async () => {
    const client = await connected();
    await proxy.setMode('hang');
    client.socket.end('late');
    await wait(quiet);
    expect(server.received).toEqual(['hello']);
    await proxy.setMode('pass');
    await server.arrived('hellolate');
    expect(server.received).toEqual(['hello', 'late']);
    await server.ended[0];
  });

  it('silence: what exists is silent for good, what is new works', async () => {
    const old = await connected();
    await proxy.setMode('silence');
    old.socket.write('lost');
    await connected();
    await proxy.setMode('pass');
    old.socket.write('lost too');
    await connected();
    expect(old.socket.destroyed).toBe(false);
    expect(old.text).toBe('');
    expect(server.received).toEqual(['hello', 'hello', 'hello']);
  });

  it('cutReplies: the server has the request, the client sees a reset and no byte of the reply', async () => {
    const client = await connected();
    await proxy.setMode('cutReplies');
    client.socket.write('work');
    expect(await client.closed).toBe('ECONNRESET');
    expect(server.received).toEqual(['hello', 'work']);
    expect(client.text).toBe('');
    await server.ended[0];
  });

  it('delays both directions', async () => {
    const client = await connected();
    proxy.setDelay(50);
    const began = performance.now();
    await client.ask('slow');
    expect(performance.now() - began).toBeGreaterThanOrEqual(99);
    proxy.setDelay(0);
    const again = performance.now();
    await client.ask('fast');
    expect(performance.now() - again).toBeLessThan(50);
  });

  it('loss before: the server never has the chunk', async () => {
    const client = await connected();
    proxy.setLoss(0.1, () => 0.05);
    client.socket.write('lost');
    expect(await client.closed).toBe('ECONNRESET');
    await server.ended[0];
    expect(server.received).toEqual(['hello']);
  });

  it('loss after: the server has the chunk, the client no reply', async () => {
    const client = await connected();
    const answers = [0.05, 0.5];
    proxy.setLoss(0.1, () => answers.shift() ?? 1);
    client.socket.write('done');
    expect(await client.closed).toBe('ECONNRESET');
    await server.ended[0];
    expect(server.received).toEqual(['hello', 'done']);
    expect(client.text).toBe('');
  });

  it('loses about as many as it is told', async () => {
    proxy.setLoss(0.25);
    let lost = 0;
    for (let request = 0; request < 200; request++) {
      const client = new Client(proxy.address.port);
      client.socket.write('x');
      const reply = once(client.socket, 'data').then(
        () => 'reply',
        () => 'reset',
      );
      if ((await Promise.race([reply, client.closed])) !== 'reply') lost++;
      client.socket.destroy();
    }
    // 50 expected with a deviation of 6: five deviations to each side.
    expect(lost).toBeGreaterThan(20);
    expect(lost).toBeLessThan(80);
    expect(server.received.length).toBeGreaterThan(200 - lost);
    expect(server.received.length).toBeLessThan(200);
  });

  it('releases what it held after the client has gone, however the network was cut', async () => {
    for (const cut of [
      async (client: Client) => client.socket.destroy(),
      async (client: Client) => client.socket.resetAndDestroy(),
      async () => proxy.setMode('refuse'),
      async () => proxy.setMode('reset'),
      async () => proxy.setMode('silence'),
      async () => proxy.setMode('hang'),
    ]) {
      const before = server.received.length;
      const client = await connected();
      const hold = proxy.holdRequests();
      client.socket.write('one');
      await hold.firstHeld;
      client.socket.write('two');
      while (hold.held < 2) await wait(1);
      await cut(client);
      await wait(quiet);
      expect(server.received.slice(before)).toEqual(['hello']);
      await hold.release();
      // Two chunks written one right after the other may reach the server as one.
      expect(server.received.slice(before).join(' ')).toMatch(/^hello one ?two$/);
      expect(hold.held).toBe(0);
      client.socket.destroy();
      await proxy.setMode('pass');
    }
  });

  it('after stop, holds what it holds and lets all else pass', async () => {
    const first = await connected();
    const second = await connected();
    const hold = proxy.holdRequests();
    first.socket.write('held');
    await hold.firstHeld;
    hold.stop();
    await second.ask('second');
    await connected();
    first.socket.destroy();
    expect(server.received).toEqual(['hello', 'hello', 'second', 'hello']);
    await hold.release();
    expect(server.received.at(-1)).toBe('held');
  });

  it('answers a client that is still there when it releases, and obeys the mode again afterwards', async () => {
    const client = await connected();
    const hold = proxy.holdRequests();
    client.socket.write('held');
    await hold.firstHeld;
    const reply = once(client.socket, 'data');
    await hold.release();
    await reply;
    expect(client.text).toBe('echo held');
    await proxy.setMode('hang');
    client.socket.write('more');
    await wait(quiet);
    expect(server.received).toEqual(['hello', 'held']);
  });

  it('holds replies: the server has done the work, the client learns of it when they are released', async () => {
    const [first, second] = [await connected(), await connected()];
    const hold = proxy.holdReplies();
    first.socket.write('one');
    await hold.firstHeld;
    hold.stop();
    first.socket.write('two');
    while (hold.held < 2) await wait(1);
    expect(server.received).toEqual(['hello', 'hello', 'one', 'two']);
    await second.ask('second');
    first.socket.end();
    await server.ended[0];
    await wait(quiet);
    expect(first.text).toBe('');
    await hold.release();
    expect(await first.closed).toBe('ended');
    expect(first.text).toBe('echo oneecho two');
    expect(hold.held).toBe(0);
    await connected();
  });

  it('holds replies only for those who are still there when it releases', async () => {
    for (const cut of [
      async (client: Client) => client.socket.destroy(),
      async () => proxy.setMode('reset'),
    ]) {
      const client = await connected();
      const hold = proxy.holdReplies();
      client.socket.write('one');
      await hold.firstHeld;
      await cut(client);
      await client.closed;
      await hold.release();
      expect(client.text).toBe('');
      await proxy.setMode('pass');
    }
    expect(proxy.connections).toBe(0);
  });

  it('sends the requests of new connections again, on a connection of its own, and keeps the replies', async () => {
    const old = await connected();
    proxy.duplicateRequests(40);
    await old.ask('once');
    const client = await connected();
    const began = performance.now();
    await client.ask('twice');
    client.socket.end();
    await client.closed;
    const all = `helloonce${'hellotwice'.repeat(2)}`;
    await server.arrived(all);
    expect(performance.now() - began).toBeGreaterThanOrEqual(39);
    expect(server.received.join('')).toBe(all);
    expect(client.text).toBe('echo twice');
    expect(server.connections).toBe(3);
    await server.ended[2];
    proxy.duplicateRequests(undefined);
    await connected();
    expect(server.connections).toBe(4);
  });

  it('close ends every connection and frees the port', async () => {
    const client = await connected();
    await proxy.setMode('hang');
    await proxy.close();
    await client.closed;
    expect(proxy.connections).toBe(0);
    expect(await new Client(proxy.address.port).closed).toBe('ECONNREFUSED');
  });
});
