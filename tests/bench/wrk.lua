-- What wrk found, as a line of JSON.
done = function(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  print(string.format('{"rate":%.1f,"p50":%.3f,"p99":%.3f,"requests":%d,"errors":%d}', summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.requests, bad))
end
