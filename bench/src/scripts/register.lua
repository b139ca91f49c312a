-- A new address each time. args: a prefix that no other run has, the password.
local json = { ["Content-Type"] = "application/json" }
local prefix, password, count = "", "", 0

function init(args)
  prefix, password = args[1], args[2]
end

function request()
  count = count + 1
  local body = string.format('{"email":"%s-%d@bench.example.org","password":"%s"}', prefix, count, password)
  return wrk.format("POST", nil, json, body)
end
