-- Each token is exchanged for its successor, which is exchanged in its turn: as many chains as clients.
-- args: a file with one token in each line, the dialect.
local json = { ["Content-Type"] = "application/json" }
local tokens, dialect, looked_at = {}, "", false

function init(args)
  dialect = args[2]
  for token in io.lines(args[1]) do
    tokens[#tokens + 1] = token
  end
end

local function exchange(token)
  if dialect == "pluto" then
    return wrk.format("POST", nil, json, '{"refresh_token":"' .. token .. '","app_id":"pluto"}')
  end
  return wrk.format("POST", wrk.path .. "?refresh_token=" .. token)
end

function request()
  if not looked_at then
    -- wrk looks at one request before it sends any. That one must not take a token.
    looked_at = true
    return exchange(tokens[1])
  end
  -- Out of tokens only after as many refusals as there are spare ones: one more, then.
  return exchange(table.remove(tokens) or "none")
end

function response(status, headers, body)
  local successor = status == 200 and body:match('"refresh_token":"([^"]+)"')
  if successor then
    tokens[#tokens + 1] = successor
  end
end
