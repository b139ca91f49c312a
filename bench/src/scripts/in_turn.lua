-- Begins the scripts whose init fills a list of requests: each thread sends them in turn, again and again.
local requests, turn = {}, 0

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
