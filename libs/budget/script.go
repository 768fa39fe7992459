package budget

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/dealsync/dealsync/libs/fault"
)

// A budget is a hash: field "c<until>" is calls and "d<until>" daily units that
// count until then; "pause" is the end of a pause. Times are microseconds on
// the server's clock. Fields that carry their own end need no care when a limit
// changes.

// day is the stretch of a daily limit, and hour the parts it is counted in.
const (
	day  = 24 * time.Hour
	hour = time.Hour
)

func key(account string) string { return "dealsync:{" + url.PathEscape(account) + "}:budget" }

// grant is what Redis granted: calls, and the fields they are counted in.
type grant struct {
	calls        int
	callsIn, dIn string
	cost         int
}

// unused is what is left of a grant, to give back.
func (g grant) unused(left int) grant {
	if left <= 0 {
		return grant{}
	}
	g.calls = left
	return g
}

// grant asks for up to want calls and gives back others. Without a single call
// it answers how long to wait, and whether that is a pause.
func (b *Budgets) grant(ctx context.Context, account string, r request, want int, back grant) (g grant, wait time.Duration, paused bool, err error) {
	unit, units := r.cost, r.lane.part(r.limit.Daily)
	if r.limit.Daily == 0 {
		unit, units = 0, 0
	}
	reply, err := take.Run(ctx, b.rdb, []string{key(account)},
		want, r.lane.part(r.limit.Calls), r.limit.Per.Microseconds(), r.slot().Microseconds(),
		unit, units, day.Microseconds(), hour.Microseconds(),
		back.callsIn, back.calls, back.dIn, back.calls*back.cost).StringSlice()
	if err != nil {
		return g, 0, false, down("take from budget of "+account, err)
	}
	if len(reply) != 5 {
		return g, 0, false, fault.New(fault.Bug, "budget_corrupt", "budget of %s: answer %q", account, reply)
	}
	calls, err1 := strconv.Atoi(reply[0])
	micros, err2 := strconv.ParseInt(reply[1], 10, 64)
	if err1 != nil || err2 != nil {
		return g, 0, false, fault.Wrap(fault.Bug, "budget_corrupt", fmt.Errorf("budget of %s: answer %q", account, reply))
	}
	return grant{calls, reply[3], reply[4], unit}, time.Duration(micros) * time.Microsecond, reply[2] == "1", nil
}

// clock begins every script: now in microseconds, of the server, because the
// replicas' clocks differ.
const clock = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local function int(n) return string.format('%.0f', n) end
local function keep(untl)
  local ms = math.ceil((untl - now) / 1000)
  if redis.call('PTTL', KEYS[1]) < ms then redis.call('PEXPIRE', KEYS[1], int(ms)) end
end
`

// KEYS: budget. ARGV: calls wanted; calls the lane may use, per, slot; units a
// call costs, units the lane may use, per, slot; from the 9th field and number of calls
// and of units to give back. It answers calls, wait, "1" for a pause, and the
// two fields.
var take = redis.NewScript(clock + `
for i = 9, 11, 2 do
  if ARGV[i] ~= '' and redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    redis.call('HINCRBY', KEYS[1], ARGV[i], '-' .. ARGV[i + 1])
  end
end

local paused = 0
local held = {c = {used = 0}, d = {used = 0}}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local kind, untl = string.sub(all[i], 1, 1), tonumber(string.sub(all[i], 2))
  if all[i] == 'pause' then
    paused = tonumber(all[i + 1])
  elseif untl <= now then
    redis.call('HDEL', KEYS[1], all[i])
  else
    local h, n = held[kind], tonumber(all[i + 1])
    h[#h + 1] = {untl = untl, n = n}
    h.used = h.used + n
  end
end
if paused > now then return {'0', int(paused - now), '1', '', ''} end

-- free is how many calls fit, and how long to wait until one does.
local function free(h, limit, each)
  if each == 0 then return math.huge, 0 end
  if each > limit then each = limit end
  local n = math.floor((limit - h.used) / each)
  if n >= 1 then return n, 0 end
  table.sort(h, function(a, b) return a.untl < b.untl end)
  local used = h.used
  for _, s in ipairs(h) do
    used = used - s.n
    if used + each <= limit then return 0, s.untl - now end
  end
  return 0, 1000
end

local calls, callWait = free(held.c, tonumber(ARGV[2]), 1)
local units, unitWait = free(held.d, tonumber(ARGV[6]), tonumber(ARGV[5]))
local n = math.min(tonumber(ARGV[1]), calls, units)
if n < 1 then return {'0', int(math.max(callWait, unitWait)), '0', '', ''} end

-- A slot counts until its last grant, used at the end of its lease, is one per
-- ago. A lease is as long as a slot of calls.
local function count(kind, n, per, slot)
  local untl = (math.floor(now / slot) + 1) * slot + tonumber(ARGV[4]) + per
  local field = kind .. int(untl)
  redis.call('HINCRBY', KEYS[1], field, int(n))
  keep(untl)
  return field
end
local callsIn = count('c', n, tonumber(ARGV[3]), tonumber(ARGV[4]))
local unitsIn = ''
if tonumber(ARGV[5]) > 0 then
  unitsIn = count('d', n * tonumber(ARGV[5]), tonumber(ARGV[7]), tonumber(ARGV[8]))
end
return {int(n), '0', '0', callsIn, unitsIn}
`)

// KEYS: budget. ARGV: how long.
var pause = redis.NewScript(clock + `
local untl = now + tonumber(ARGV[1])
if untl > tonumber(redis.call('HGET', KEYS[1], 'pause') or 0) then
  redis.call('HSET', KEYS[1], 'pause', int(untl))
  keep(untl)
end
return 1
`)
