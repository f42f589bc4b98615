import { createHash } from 'node:crypto';
import { recordStarts } from '@session-stores/core';

/** A Lua script and the digest that the server knows it by once it has seen it. */
export interface Script {
  readonly source: string;
  readonly digest: string;
  /** How many entries of the answer belong to one key. */
  readonly answersPerKey: number;
}

// The forms of core's record-text.ts as Lua knows them; those of our sessions capture the birth, then the revision.
const [inCookie, header] = recordStarts;
const gravePattern = '^0e[0-9]+$';

// The server's clock decides: a key that has expired is absent, and so is one with no whole millisecond left. Numbers that go into
// a command are texts wherever they came as such, because the server takes long to print one.
const prelude = `
local call, pcall, match = redis.call, redis.pcall, string.match
local own, inHeader = '^${inCookie}([A-Za-z0-9_-]+)%.([A-Za-z0-9_-]+)"[,}]', '^${header}([A-Za-z0-9_-]+)%.([A-Za-z0-9_-]+) '

local seconds, rest = unpack(call('TIME'))
local now = seconds * 1000 + math.floor(rest / 1000)

-- When that is, in epoch ms of the server; -1 is never.
local function expiry(left)
  return left == -1 and -1 or now + left
end

local function foreign(text)
  return string.sub(redis.sha1hex(text), 1, 24)
end

local function look(key)
  local text = pcall('GETRANGE', key, '0', '255')
  if type(text) == 'table' then return { failure = text.err } end
  local left = call('PTTL', key)
  if left == -2 or left == 0 then return {} end
  if match(text, '${gravePattern}') then return { grave = text, left = left } end
  local birth, revision = match(text, own)
  if not birth then birth, revision = match(text, inHeader) end
  if birth then return { live = true, left = left, birth = birth, revision = revision } end
  return { live = true, left = left, birth = '', revision = foreign(call('GET', key)) }
end

-- Core's graveText.
local function graveOf(birth)
  return '0e' .. string.gsub(birth, '.', function(c) return string.format('%03d', string.byte(c)) end)
end

local function record(word, key, found)
  return { word, call('GET', key), expiry(found.left), found.revision }
end

-- Milliseconds that a record has from now, as a text; -1 is for ever.
local function lifetime(found, asked, exact)
  if exact == '1' or not found.live or found.left == -1 and asked == '-1' then return asked end
  if found.left == -1 or asked == '-1' then return '-1' end
  return found.left > tonumber(asked) and string.format('%d', found.left) or asked
end

local answers = {}
`;

// No entry of a stream can have the id 0-0, so XDEL changes nothing, whatever the key holds. But it is a write, and a
// replica, which may be behind and would show ended sessions, refuses it. It stands at the end because a script that has
// written once may go on writing although the memory is full.
const onlyPrimary = `
local replica = pcall('XDEL', KEYS[1], '0-0')
if type(replica) == 'table' and string.find(replica.err, 'READONLY', 1, true) then
  return redis.error_reply('READONLY this server is a replica')
end
`;

/** A script that changes records, and the same for a connection on which WAIT follows. */
export interface WritingScript {
  readonly alone: Script;
  readonly replicated: Script;
}

// What is answered without a write may rest on one that no replica has yet: of an attempt whose reply was lost with its
// connection, or of another process. From Redis 7.2 on, WAIT waits for nothing but the writes of its own connection. So
// it gets one, which changes nothing.
const unchanged = {
  alone: `
local function unchanged(key, found, answer)
  return answer
end
`,
  replicated: `
local function unchanged(key, found, answer)
  local done
  if found.left == -1 then
    done = pcall('APPEND', key, '')
  elseif found.left then
    done = pcall('PEXPIRE', key, found.left)
  else
    done = pcall('SET', key, '0e0', 'PX', 1)
    pcall('UNLINK', key)
  end
  if type(done) == 'table' and done.err then return { 'error', done.err } end
  return answer
end
`,
};

/** The same script for a store whose changes nobody listens to, and for one that publishes them. */
export interface Announced<Scripts> {
  readonly silent: Scripts;
  readonly announcing: Scripts;
}

/**
 * `item` is given what stands before each change. A change that cannot be published is not made: others would go on showing
 * what was there before. Further argument of an announcing script: the text to publish; at the end of all: the channel.
 */
function announced<Scripts>(
  make: (body: string) => Scripts,
  argumentsPerKey: number,
  item: (announce: string) => string,
): Announced<Scripts> {
  const announce = `
    local told = found.live and pcall('PUBLISH', ARGV[#ARGV], ARGV[at + ${argumentsPerKey + 1}])
    if type(told) == 'table' and told.err then return { 'error', told.err } end`;
  return {
    silent: make(eachKey(argumentsPerKey, item(''))),
    announcing: make(eachKey(argumentsPerKey + 1, item(announce))),
  };
}

function writingScript(body: string): WritingScript {
  return { alone: script(unchanged.alone + body), replicated: script(unchanged.replicated + body) };
}

function script(body: string, answersPerKey = 1): Script {
  const source = `${prelude}${body}${onlyPrimary}return { now, answers }\n`;
  return { source, digest: createHash('sha1').update(source).digest('hex'), answersPerKey };
}

/** `ARGV[at + n]` is argument number n of the key. */
function eachKey(argumentsPerKey: number, item: string): string {
  return `
local function answer(key, at)
${item}
end

for i, key in ipairs(KEYS) do
  answers[i] = answer(key, (i - 1) * ${argumentsPerKey})
end
`;
}

/**
 * Three answers a key, flat, because reads are most of what a store does: what is stored, its expiry, and the
 * revision of what a foreign store wrote. Where nothing is stored, the third says what failed, if anything did.
 */
export const readScript = script(
  `
local function read(key)
  local text = pcall('GET', key)
  if type(text) == 'table' then return false, 0, text.err end
  local left = call('PTTL', key)
  if not text or left == -2 or left == 0 or match(text, '${gravePattern}') then return false, 0, '' end
  for _, start in ipairs({ '${recordStarts.join("', '")}' }) do
    if string.sub(text, 1, #start) == start then return text, expiry(left), '' end
  end
  return text, expiry(left), foreign(text)
end

for i, key in ipairs(KEYS) do
  answers[3 * i - 2], answers[3 * i - 1], answers[3 * i] = read(key)
end
`,
  3,
);

/** 1 where a live record is, 0 elsewhere. */
export const liveScript = script(eachKey(0, `  return look(key).live and 1 or 0`));

/** What a script answers for a key where what was asked was done. */
export const done = 1;

/**
 * Arguments: what to store, its birth, the expected revision (empty: absent; `?`: absent, and unanswered), ms (-1: for ever),
 * 1 if exact. Most inserts meet nothing, and are done by one command.
 */
export const writeScripts = announced(
  writingScript,
  5,
  (announce) => `
    local text, expected, left = ARGV[at + 1], ARGV[at + 3], ARGV[at + 4]
    local isInsert = expected == '' or expected == '?'
    if isInsert and left ~= '-1' and left ~= '0' then
      local inserted = pcall('SET', key, text, 'PX', left, 'NX')
      if type(inserted) == 'table' and inserted.ok then return ${done} end
    end
    local found = look(key)
    if found.failure then return { 'error', found.failure } end
    if isInsert then
      if found.live then return unchanged(key, found, record('conflict', key, found)) end
      if found.grave and found.grave == graveOf(ARGV[at + 2]) then return { 'gone' } end
      if found.grave and expected == '?' then return { 'buried' } end
    else
      if not found.live then return { 'gone' } end
      if found.revision ~= expected then return unchanged(key, found, record('conflict', key, found)) end
    end
    left = lifetime(found, left, ARGV[at + 5])${announce}
    local written
    if left == '-1' then
      written = pcall('SET', key, text)
    elseif left ~= '0' then
      written = pcall('SET', key, text, 'PX', left)
    elseif found.live then
      written = pcall('UNLINK', key)
    end
    if type(written) == 'table' and written.err then return { 'error', written.err } end
    return ${done}
`,
);

/** Arguments: the revision, ms (-1: for ever), 1 if exact. */
export const touchScripts = announced(
  script,
  3,
  (announce) => `
    local found = look(key)
    if found.failure then return { 'error', found.failure } end
    if not found.live then return { 'gone' } end
    if found.revision ~= ARGV[at + 1] then return record('changed', key, found) end
    local left = lifetime(found, ARGV[at + 2], ARGV[at + 3])
    local touched
    if tonumber(left) ~= found.left then${announce}
      if left == '-1' then touched = pcall('PERSIST', key) else touched = pcall('PEXPIRE', key, left) end
    end
    if type(touched) == 'table' and touched.err then return { 'error', touched.err } end
    return ${done}
`,
);

/**
 * Arguments: the birth (empty: whatever is there), its grave, the grace in ms (0: no grave). When the memory is full the grave has to
 * wait until UNLINK has made room: after a first write a script may go on, so that a logout succeeds even then. Not always
 * so, because on a Cluster a key that is gone, of a slot that is on its way to another node, cannot be set here any more.
 */
export const removeScripts = announced(
  writingScript,
  3,
  (announce) => `
    local found = look(key)
    if found.failure then return { 'error', found.failure } end
    local birth, grave, grace = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    if found.live then
      if birth ~= found.birth then
        if birth ~= '' then return unchanged(key, found, { 'other', found.birth }) end
        birth, grave = found.birth, graveOf(found.birth)
      end
    elseif found.grave == grave and found.left > tonumber(grace) then
      return unchanged(key, found, ${done})
    end
    if not found.live and (birth == '' or grace == '0') then return unchanged(key, found, ${done}) end${announce}
    local removed
    if birth ~= '' and grace ~= '0' then removed = pcall('SET', key, grave, 'PX', grace) end
    local full = type(removed) == 'table' and removed.err and string.find(removed.err, 'OOM', 1, true)
    if not removed or full then
      removed = pcall('UNLINK', key)
      if full then removed = pcall('SET', key, grave, 'PX', grace) end
    end
    if type(removed) == 'table' and removed.err then return { 'error', removed.err } end
    return ${done}
`,
);
