-- Hands in a document. args: the file, in each line a bearer token; how many bytes.
function init(args)
  local edge = "clavis-bench-edge"
  local function field(name, value)
    return "--" .. edge .. '\r\nContent-Disposition: form-data; name="' .. name .. '"\r\n\r\n' .. value .. "\r\n"
  end
  local file = "%PDF-1.7\n" .. string.rep("0123456789abcde\n", math.floor(tonumber(args[2]) / 16)) .. "%%EOF\n"
  local body = field("doc_type", "Passport") .. field("doc_number", "AA1234BB") .. field("doc_expire", "2099-01-22")
    .. "--" .. edge .. '\r\nContent-Disposition: form-data; name="upload"; filename="passport.pdf"\r\n'
    .. "Content-Type: application/pdf\r\n\r\n" .. file .. "\r\n--" .. edge .. "--\r\n"
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, {
      ["Authorization"] = "Bearer " .. line,
      ["Content-Type"] = "multipart/form-data; boundary=" .. edge,
    }, body)
  end
end
