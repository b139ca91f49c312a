-- Signed requests to a gateway, each once. args: the file, in each line a key's id, a nonce and a signature.
local requests, turn = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local kid, nonce, signature = line:match("^(%S+) (%S+) (%S+)$")
    requests[#requests + 1] = wrk.format("GET", nil, {
      ["X-Auth-Apikey"] = kid,
      ["X-Auth-Nonce"] = nonce,
      ["X-Auth-Signature"] = signature,
    })
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
