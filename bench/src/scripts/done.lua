-- Ends every script: what the run came to, as one line.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'outcome {"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,'
      .. '"refused":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
