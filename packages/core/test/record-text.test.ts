import { decodeRecord, encodeRecord, graveText, isGrave } from '@session-stores/core';
import { describe, expect, it } from 'vitest';

const birth = 'abcDEF012_-9';
const revision = 'r'.repeat(108);

describe('the stored form of a record', () => {
  const texts = {
    'a session': '{"cookie":{"originalMaxAge":60000,"path":"/"},"user":"ü😀"}',
    'a session whose cookie is empty': '{"cookie":{},"user":1}',
    'a cookie whose first member has a comma for a name': '{"cookie":{",":1}}',
    'an object without a cookie': '{"user":1}',
    'a cookie that is not first': '{"user":1,"cookie":{"path":"/"}}',
    'a cookie that is no object': '{"cookie":null}',
    'white space in the JSON': '{"cookie":{ "path":"/"}}',
    'what looks like our own metadata': '{"cookie":{"_sessionStores":"a.b","path":"/"}}',
    'what looks like our own header': '#sessionStores a.b text',
    'what looks like a grave': '0e097098',
    'no text at all': '',
    'text of a serializer of the application': 'AAEC/w==\n\u2028"{}',
  };

  for (const [what, data] of Object.entries(texts)) {
    it(`gives back ${what}, whatever it is`, () => {
      expect(decodeRecord(encodeRecord(data, birth, revision))).toEqual({ data, birth, revision });
    });
  }

  it('is JSON of the same session, with one more member of the cookie in first place', () => {
    const stored = JSON.parse(encodeRecord(texts['a session'], birth, revision));
    expect(Object.keys(stored.cookie)[0]).toBe('_sessionStores');
    const { _sessionStores, ...cookie } = stored.cookie;
    expect(_sessionStores).toBe(`${birth}.${revision}`);
    expect({ ...stored, cookie }).toEqual(JSON.parse(texts['a session']));
  });

  it('is told from what a foreign store wrote', () => {
    for (const data of Object.values(texts)) {
      if (!data.includes('_sessionStores') && !data.startsWith('#'))
        expect(decodeRecord(data)).toBeUndefined();
    }
    expect(decodeRecord('{"cookie":{"_sessionStores":"no dot"}}')).toBeUndefined();
  });

  it('is no JSON where it could be taken for somebody else’s', () => {
    expect(() => JSON.parse(encodeRecord('{"user":1}', birth, revision))).toThrow(SyntaxError);
  });

  it('of a grave tells its birth, and is the number 0 to whoever reads JSON', () => {
    expect(graveText(birth)).toBe('0e097098099068069070048049050095045057');
    expect(JSON.parse(graveText(birth))).toBe(0);
    expect(isGrave(graveText(birth))).toBe(true);
    for (const data of ['0', '0e', '0e1x', 'x0e1', '', encodeRecord('0e097', birth, revision)])
      expect(isGrave(data)).toBe(false);
  });
});
