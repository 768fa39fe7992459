package window

import "github.com/redis/go-redis/v9"

// A window is a hash: field "<side>|<unit>", value "<edit time> <closes>
// <values>", times in microseconds. The workspace's index is a sorted set of
// pairs by the time the last of their windows closes.

// clock begins every script: now in microseconds, of the server, because the
// replicas' clocks differ.
const clock = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
`

// KEYS: window, index. ARGV: side, other side, life, pair, then unit, edit
// time and values of each edit. It answers unit and value of each rival.
var exchange = redis.NewScript(clock + `
local function read(field)
  local v = redis.call('HGET', KEYS[1], field)
  if not v then return nil end
  local at, closes = string.match(v, '^(%-?%d+) (%d+) ')
  if tonumber(closes) <= now then
    redis.call('HDEL', KEYS[1], field)
    return nil
  end
  return v, tonumber(at)
end

local closes = now + tonumber(ARGV[3])
local stored = false
local rivals = {}
for i = 5, #ARGV, 3 do
  local unit, at, values = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local own = ARGV[1] .. '|' .. unit
  local _, last = read(own)
  if not last or tonumber(at) >= last then
    redis.call('HSET', KEYS[1], own, at .. ' ' .. string.format('%.0f', closes) .. ' ' .. values)
    stored = true
  end
  local rival = read(ARGV[2] .. '|' .. unit)
  if rival then
    rivals[#rivals + 1] = unit
    rivals[#rivals + 1] = rival
  end
end

if stored then
  local last = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[4]) or 0)
  if closes > last then last = closes end
  redis.call('ZADD', KEYS[2], string.format('%.0f', last), ARGV[4])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
  local ms = math.ceil((last - now) / 1000)
  redis.call('PEXPIRE', KEYS[1], string.format('%d', ms))
  if redis.call('PTTL', KEYS[2]) < ms then
    redis.call('PEXPIRE', KEYS[2], string.format('%d', ms))
  end
end
return rivals
`)

// KEYS: index. ARGV: limit. It answers now, then pairs.
var open = redis.NewScript(clock + `
local pairs = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf', 'LIMIT', 0, ARGV[1])
table.insert(pairs, 1, string.format('%.0f', now))
return pairs
`)

// KEYS: index. It answers how many pairs have an open window.
var count = redis.NewScript(clock + `
return redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now), '+inf')
`)
