import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RunningDemo } from '../src/running-demo.js';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describeWithServer('chromium', 'the page in a browser', (executablePath) => {
  let folder: string;
  let demo: RunningDemo;
  let browser: BrowserContext;
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'demo-browser-'));
    demo = await RunningDemo.start({
      store: `sqlite:${join(folder, 'demo.db')}`,
      host: '127.0.0.1',
      port: 0,
      idleLimit: 60_000,
      secret: undefined,
    });
    browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath,
      args: flags,
      viewport: { width: 1200, height: 900 },
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(device: number): Promise<Page> {
    const page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(`${demo.url}/device/${device}/`);
    await page.getByText('live', { exact: true }).waitFor();
    return page;
  }

  it('logs in, fills the cart, logs out in a second tab and sees the session ended in the first', async () => {
    const first = await open(1);
    await first.getByLabel('Your name').fill('Ada <b>');
    await first.getByRole('button', { name: 'Log in' }).click();
    await first.getByText('Hello Ada <b>.').waitFor();
    await first.getByRole('button', { name: '+ Tea' }).click();
    await first.getByText('× 1').waitFor();
    await first.getByRole('button', { name: '+ Tea' }).click();
    await first.getByText('× 2').waitFor();

    const second = await open(1);
    await second.getByText('× 2').waitFor();
    await second.getByRole('button', { name: 'Log out' }).click();
    await second.getByText('You are logged out.').waitFor();

    await first.getByText('This session was ended.').waitFor();
    await first.getByRole('button', { name: 'Log in' }).waitFor();
    expect(await first.getByRole('button', { name: 'Log out' }).isVisible()).toBe(false);
    await first.locator('#log .destroyed').first().waitFor();
    expect(await browser.cookies(`${demo.url}/device/1/`)).toEqual([]);
  });

  it('has a session a device, and an operator ends those that are chosen and no other', async () => {
    const pages: Page[] = [];
    for (const device of [2, 3, 4]) {
      const page = await open(device);
      await page.getByLabel('Your name').fill(`Grace ${device}`);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByText(`Hello Grace ${device}.`).waitFor();
      pages.push(page);
    }
    const [two, three, four] = pages as [Page, Page, Page];
    await four.getByLabel('Choose the session of Grace 2 on device 2').check();
    await four.getByLabel('Choose the session of Grace 3 on device 3').check();
    await four.getByRole('button', { name: 'End the chosen sessions' }).click();
    await four.getByText('2 sessions were ended.').waitFor();
    await two.getByText('This session was ended.').waitFor();
    await three.getByText('This session was ended.').waitFor();
    await four.getByRole('button', { name: '+ Bread' }).click();
    await four.getByText('× 1').waitFor();
    if (process.env.SCREENSHOT !== undefined) await four.screenshot({ path: process.env.SCREENSHOT });
  });

  it('reported no problem to the console', () => {
    expect(problems).toEqual([]);
  });
});
