-- Any of the accounts. args: how many there are, the password.
local json = { ["Content-Type"] = "application/json" }
local accounts, password = 1, ""

function init(args)
  accounts, password = tonumber(args[1]), args[2]
  math.randomseed(os.time())
end

function request()
  local body = string.format(
    '{"email":"user%d@bench.example.org","password":"%s","cookie":false}', math.random(accounts), password)
  return wrk.format("POST", nil, json, body)
end
