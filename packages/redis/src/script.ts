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
export const gravePattern = '^0e[0-9]+$';

// The server's clock decides: a key that has expired is absent, and so is one with no whole millisecond left. Numbers that go into
// a command are texts wherever they came as such, because the server takes long to print one.
const prelude = `
local call, pcall, match, find, sub = redis.call, redis.pcall, string.match, string.find, string.sub
local start, header = '${inCookie}', '${header}'
local own, inHeader = '^${inCookie}([A-Za-z0-9_-]+)%.([A-Za-z0-9_-]+)"[,}]', '^${header}([A-Za-z0-9_-]+)%.([A-Za-z0-9_-]+) '

local seconds, rest = unpack(call('TIME'))
local now = seconds * 1000 + math.floor(rest / 1000)

-- When that is, in epoch ms of the server; -1 is never.
local function expiry(left)
  return left == -1 and -1 or now + left
end

local function foreign(text)
  return sub(redis.sha1hex(text), 1, 24)
end

-- Longer than the names of a session and than a grave.
local function beginning(key)
  return pcall('GETRANGE', key, '0', '191')
end

-- Both are told without a pattern, which takes as long as a command.
local function isBorn(text, birth)
  return type(text) == 'string' and sub(text, 1, #start + #birth + 1) == start .. birth .. '.'
end

local function isRevision(text, revision)
  local dot = find(text, '.', #start + 1, true)
  return dot and sub(text, 1, #start) == start and sub(text, dot + 1, dot + #revision + 1) == revision .. '"'
end

-- One for all, because a batch seldom meets another, and a table takes long. It has no birth.
local asExpected = { live = true }

local function look(key, expected)
  local text = beginning(key)
  if type(text) == 'table' then return { failure = text.err } end
  local left = call('PTTL', key)
  if left == -2 or left == 0 then return {} end
  if expected and isRevision(text, expected) then
    asExpected.left, asExpected.revision = left, expected
    return asExpected
  end
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
export function announced<Scripts>(
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

export function writingScript(body: string): WritingScript {
  return { alone: script(unchanged.alone + body), replicated: script(unchanged.replicated + body) };
}

export function script(body: string, answersPerKey = 1): Script {
  const source = `${prelude}${body}${onlyPrimary}return { now, answers }\n`;
  return { source, digest: createHash('sha1').update(source).digest('hex'), answersPerKey };
}

/** `ARGV[at + n]` is argument number n of the key. */
export function eachKey(argumentsPerKey: number, item: string): string {
  return `
local function answer(key, at)
${item}
end

for i, key in ipairs(KEYS) do
  answers[i] = answer(key, (i - 1) * ${argumentsPerKey})
end
`;
}
