-- Sends each of the prepared requests once. The file holds them one after another, each with a line that gives its
-- length in bytes; wrk stops when all have been answered.
local prepared = {}
local wanted = 303
local sent, answered, good = 0, 0, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  if args[2] then wanted = tonumber(args[2]) end
  while true do
    local line = file:read("*l")
    if not line then break end
    prepared[#prepared + 1] = file:read(tonumber(line))
  end
  file:close()
end

-- wrk asks for one request at the start to look at it and does not send it.
local shown = false

function request()
  if not shown then
    shown = true
    return prepared[1]
  end
  sent = sent + 1
  -- A connection that finds nothing left sends the beginning of a request, which is never answered.
  return prepared[sent] or "GET /finished HTTP/1.1\r\n"
end

function response(status)
  answered = answered + 1
  if status == wanted then good = good + 1 end
  if answered >= #prepared then
    wrk.thread:set("good", good)
    wrk.thread:stop()
    -- The main thread sleeps until the given duration is over or it is interrupted, which it cannot be before
    -- os.execute has returned.
    os.execute("(sleep 0.1; kill -INT $PPID) &")
  end
end

local threads = {}
function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary)
  local total = 0
  for _, thread in ipairs(threads) do total = total + (thread:get("good") or 0) end
  io.write(string.format("RESULT requests=%d status=%d other=%d\n", total, 0,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
