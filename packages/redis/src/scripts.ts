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

// The server's clock decides: a key that has expired is absent, and so is one with no whole millisecond left.
const prelude = `
local own = { '^${inCookie}([A-Za-z0-9_-]+)%.([A-Za-z0-9_-]+)"[,}]', '^${header}([A-Za-z0-9_-]+)%.([A-Za-z0-9_-]+) ' }

local seconds, rest = unpack(redis.call('TIME'))
local now = seconds * 1000 + math.floor(rest / 1000)

-- When that is, in epoch ms of the server; -1 is never.
local function expiry(left)
  return left == -1 and -1 or now + left
end

local function foreign(text)
  return string.sub(redis.sha1hex(text), 1, 24)
end

local function look(key)
  local text = redis.pcall('GETRANGE', key, 0, 255)
  if type(text) == 'table' then return { failure = text.err } end
  local left = redis.call('PTTL', key)
  if left == -2 or left == 0 then return {} end
  if string.match(text, '${gravePattern}') then return { grave = text, left = left } end
  for _, pattern in ipairs(own) do
    local birth, revision = string.match(text, pattern)
    if birth then return { live = true, left = left, birth = birth, revision = revision } end
  end
  return { live = true, left = left, birth = '', revision = foreign(redis.call('GET', key)) }
end

local function graveOf(birth)
  return '0e' .. string.gsub(birth, '.', function(c) return string.format('%03d', string.byte(c)) end)
end

local function record(word, key, found)
  return { word, redis.call('GET', key), expiry(found.left), found.revision }
end

-- Milliseconds that a record has from now; -1 is for ever.
local function lifetime(found, asked, exact)
  if exact or not found.live then return asked end
  if found.left == -1 or asked == -1 then return -1 end
  return math.max(found.left, asked)
end

local answers = {}
`;

// No entry of a stream can have the id 0-0, so XDEL changes nothing, whatever the key holds. But it is a write, and a
// replica, which may be behind and would show ended sessions, refuses it. It stands at the end because a script that has
// written once may go on writing although the memory is full.
const onlyPrimary = `
local replica = redis.pcall('XDEL', KEYS[1], '0-0')
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
    done = redis.pcall('APPEND', key, '')
  elseif found.left then
    done = redis.pcall('PEXPIRE', key, found.left)
  else
    done = redis.pcall('SET', key, '0e0', 'PX', 1)
    redis.pcall('UNLINK', key)
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
    local told = found.live and redis.pcall('PUBLISH', ARGV[#ARGV], argument(${argumentsPerKey + 1}))
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

function eachKey(argumentsPerKey: number, item: string): string {
  return `
local function answer(key, argument)
${item}
end

for i, key in ipairs(KEYS) do
  answers[i] = answer(key, function(n) return ARGV[(i - 1) * ${argumentsPerKey} + n] end)
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
  local text = redis.pcall('GET', key)
  if type(text) == 'table' then return false, 0, text.err end
  local left = redis.call('PTTL', key)
  if not text or left == -2 or left == 0 or string.match(text, '${gravePattern}') then return false, 0, '' end
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

/** Arguments: what to store, its birth, the expected revision (empty: absent), ms (-1: for ever), 1 if exact. */
export const writeScripts = announced(
  writingScript,
  5,
  (announce) => `
    local found = look(key)
    if found.failure then return { 'error', found.failure } end
    local expected = argument(3)
    if expected == '' then
      if found.live then return unchanged(key, found, record('conflict', key, found)) end
      if found.grave == graveOf(argument(2)) then return { 'gone' } end
    else
      if not found.live then return { 'gone' } end
      if found.revision ~= expected then return unchanged(key, found, record('conflict', key, found)) end
    end
    local left = lifetime(found, tonumber(argument(4)), argument(5) == '1')${announce}
    local done
    if left == -1 then
      done = redis.pcall('SET', key, argument(1))
    elseif left > 0 then
      done = redis.pcall('SET', key, argument(1), 'PX', left)
    elseif found.live then
      done = redis.pcall('UNLINK', key)
    end
    if type(done) == 'table' and done.err then return { 'error', done.err } end
    return { 'written' }
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
    if found.revision ~= argument(1) then return record('changed', key, found) end
    local left = lifetime(found, tonumber(argument(2)), argument(3) == '1')
    local done
    if left ~= found.left then${announce}
      if left == -1 then done = redis.pcall('PERSIST', key) else done = redis.pcall('PEXPIRE', key, left) end
    end
    if type(done) == 'table' and done.err then return { 'error', done.err } end
    return { 'touched' }
`,
);

/**
 * Arguments: the birth (empty: whatever is there), the grace in ms. When the memory is full the grave has to wait until
 * UNLINK has made room: after a first write a script may go on, so that a logout succeeds even then. Not always so, because
 * on a Cluster a key that is gone, of a slot that is on its way to another node, cannot be set here any more.
 */
export const removeScripts = announced(
  writingScript,
  2,
  (announce) => `
    local found = look(key)
    if found.failure then return { 'error', found.failure } end
    local birth, grace = argument(1), tonumber(argument(2))
    if found.live then
      if birth ~= '' and birth ~= found.birth then return unchanged(key, found, { 'other', found.birth }) end
      birth = found.birth
    elseif found.grave == graveOf(birth) and found.left > grace then
      return unchanged(key, found, { 'removed' })
    end
    if not found.live and (birth == '' or grace == 0) then return unchanged(key, found, { 'removed' }) end${announce}
    local done
    if birth ~= '' and grace > 0 then done = redis.pcall('SET', key, graveOf(birth), 'PX', grace) end
    local full = type(done) == 'table' and done.err and string.find(done.err, 'OOM', 1, true)
    if not done or full then
      done = redis.pcall('UNLINK', key)
      if full then done = redis.pcall('SET', key, graveOf(birth), 'PX', grace) end
    end
    if type(done) == 'table' and done.err then return { 'error', done.err } end
    return { 'removed' }
`,
);
