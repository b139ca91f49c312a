-- Signed requests to a gateway, each once. args: the file, in each line a key's id, a nonce and a signature.
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
