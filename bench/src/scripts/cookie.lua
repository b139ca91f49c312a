-- Requests to a gateway with cookies. args: the file, in each line a cookie; the user agent.
function init(args)
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", nil, { ["Cookie"] = line, ["User-Agent"] = args[2] })
  end
end
