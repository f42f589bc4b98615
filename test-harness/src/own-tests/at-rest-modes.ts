import type { AtRestOptions } from '@session-stores/core';

// Secrets of tests, as text so that they can be handed to child processes.
const ofIds = 'aWRzIGFyZSBoYXNoZWQgd2l0aCB0aGlzIG9uZSAuLi4=';
const newest = '546865206e6577657374206b65792c20776869636820777269746573202e2e2e';
const older = 'VGhlIG9sZGVyIGtleSwgd2hpY2ggb25seSByZWFkcy4';

/** For stores that take their time for the suite. */
export const everyModeAtOnce = {
  hashIds: ofIds,
  encryptionKeys: [newest, older],
  maxBytes: 16 * 1024 * 1024,
} as const satisfies AtRestOptions;

/** The ways in which sessions can lie in a storage, each of which the suite is run in where it is fast. */
export const atRestModes: Readonly<Record<string, AtRestOptions>> = {
  'hashed ids': { hashIds: ofIds },
  encrypted: { encryptionKeys: [newest, older] },
  'hashed ids, encrypted, bounded': { ...everyModeAtOnce, encryptionKeys: newest, readUnencrypted: true },
};

/** Thousands of calls at once ask for speed, and how sessions lie in the storage is nothing to their races. */
export const matters = ({ id }: { readonly id: string }): boolean => !id.startsWith('resurrection/thousand-');
