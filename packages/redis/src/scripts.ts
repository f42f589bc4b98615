import { announced, eachKey, gravePattern, script, writingScript } from './script.js';

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
  if sub(text, 1, #start) == start or sub(text, 1, #header) == header then return text, expiry(left), '' end
  return text, expiry(left), foreign(text)
end

for i, key in ipairs(KEYS) do
  answers[3 * i - 2], answers[3 * i - 1], answers[3 * i] = read(key)
end
`,
  3,
);

/** Ms that a key has left, as PTTL tells. */
export const leftScript = script(eachKey(0, `  return call('PTTL', key)`));

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
    local found = look(key, not isInsert and expected)
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
      written = pcall('PSETEX', key, left, text)
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
    local found = look(key, ARGV[at + 1])
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
    local birth, grave, grace = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    local isMeant = isBorn(beginning(key), birth)
    local found = isMeant and { live = true, birth = birth } or look(key)
    if found.failure then return { 'error', found.failure } end
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
    if birth ~= '' and grace ~= '0' then removed = pcall('PSETEX', key, grace, grave) end
    local full = type(removed) == 'table' and removed.err and string.find(removed.err, 'OOM', 1, true)
    if not removed or full then
      removed = pcall('UNLINK', key)
      if full then removed = pcall('PSETEX', key, grace, grave) end
    end
    if type(removed) == 'table' and removed.err then return { 'error', removed.err } end
    return ${done}
`,
);
