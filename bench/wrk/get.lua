-- The same request again and again; prints one line the driver reads.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT requests=%d status=%d other=%d\n", summary.requests,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
