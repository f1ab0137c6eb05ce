-- Clients and their daemon -------------------------------------------------------------------------------------------

local client = Proto("simp_client", "SIMP Client Protocol")

local client_field = {
    line = ProtoField.string("simp_client.line", "Line"),
    op = ProtoField.string("simp_client.op", "Command"),
    ev = ProtoField.string("simp_client.ev", "Event"),
    protocol = ProtoField.string("simp_client.protocol", "Protocol"),
    word = ProtoField.string("simp_client.word", "Word"),
    flag = ProtoField.uint8("simp_client.flag", "Flag: an answer is expected", base.DEC),
    text = ProtoField.string("simp_client.text", "Text"),
}

local client_expert = {}
for name, r in pairs(client_remarks) do
    client_expert[name] = ProtoExpert.new("simp_client.remark." .. name:gsub("-", "_"), r.text, expert.group[r.group], expert.severity[r.severity])
end

register(client, client_field, client_expert)

-- The position of the quotation mark that ends the JSON string whose first one is at a position; nil if there is none.
local function string_end(s, at)
    at = at + 1
    while at <= #s do
        local c = s:sub(at, at)
        if c == '"' then
            return at
        end
        at = at + (c == "\\" and 2 or 1)
    end
    return nil
end

-- The position of the last byte of the JSON value that begins at a position; nil if it does not end.
local function value_end(s, at)
    local depth = 0
    while at <= #s do
        local c = s:sub(at, at)
        if c == '"' then
            at = string_end(s, at)
            if not at then
                return nil
            end
        elseif c == "{" or c == "[" then
            depth = depth + 1
        elseif (c == "}" or c == "]" or c == ",") and depth == 0 then
            return at - 1
        elseif c == "}" or c == "]" then
            depth = depth - 1
        end
        at = at + 1
    end
    return nil
end

-- The members of the JSON object that a line is, as they are written: a list of names, values and where they stand; nil
-- if the line is none.
local function members(line)
    local all = {}
    local at = line:match("^%s*{%s*()")
    while at and line:sub(at, at) == '"' do
        local name_end = string_end(line, at)
        local value_at = name_end and line:match("^%s*:%s*()", name_end + 1)
        local last = value_at and value_end(line, value_at)
        if not last then
            return nil
        end
        all[#all + 1] = {
            name = line:sub(at + 1, name_end - 1), value = line:sub(value_at, last):match("^(.-)%s*$"), from = at, to = last,
        }
        at = line:match("^,%s*()", last + 1) or last + 1
    end
    if at and line:match("^}%s*$", at) then
        return all
    end
    return nil
end

-- Shows a line and returns it in a few words: "op invite", "ev established".
local function show_line(tvb, root)
    local line = tvb:raw():match("^(.-)\r?\n?$")
    local tree = root:add(client, tvb)
    local item = tree:add(client_field.line, tvb, visible(line))
    if #line > longest_line then
        item:add_proto_expert_info(client_expert["long-line"])
    end
    local all = members(line)
    if not all then
        item:add_proto_expert_info(client_expert["no-object"])
        return "no JSON object"
    end
    local told = {}
    for _, m in ipairs(all) do
        local range = tvb(m.from - 1, m.to - m.from + 1)
        local word = m.value:match('^"(.*)"$')
        if word and (m.name == "op" or m.name == "ev") then
            local shown = tree:add(client_field[m.name], range, visible(word))
            told[m.name] = { word = word, item = shown }
        else
            tree:add(range, visible(m.name) .. ": " .. visible(m.value))
        end
    end
    -- An event may tell which command it answers, so that ev counts where both are there.
    local what = told.ev and "ev" or "op"
    if not told[what] then
        item:add_proto_expert_info(client_expert["no-word"])
        return "neither op nor ev"
    end
    if not client_words[what][told[what].word] then
        told[what].item:add_proto_expert_info(client_expert["unknown-word"])
    end
    local said = what .. " " .. visible(told[what].word)
    tree:append_text(", " .. said)
    return said
end

-- Shows what cannot be taken apart, and why.
local function show_rest(range, tree, why)
    local bytes = range:raw()
    tree:add(client, range):add(client_field.text, range, visible(bytes)):add_proto_expert_info(client_expert[why])
    return brief(bytes)
end

-- TCP: each line is a message of its own, wherever segments begin and end. What does not begin like an object is another
-- program's, which may send no line feeds, and is not waited for.
local function dissect_lines(tvb, pinfo, root)
    pinfo.cols.protocol = "SIMP client"
    local bytes, at = tvb:raw(), 1
    local told = {}
    while at <= #bytes do
        local last = bytes:find("\n", at, true)
        local is_ours = bytes:match("^%s*{", at) or bytes:match("^%s+$", at)
        if is_ours and not last and pinfo.can_desegment > 0 then
            pinfo.desegment_offset = at - 1
            pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
            break
        elseif not is_ours or not last then
            told[#told + 1] = show_rest(tvb(at - 1), root, is_ours and "cut" or "unknown-protocol")
            break
        end
        told[#told + 1] = show_line(tvb(at - 1, last - at + 1), root)
        at = last + 1
    end
    if #told > 0 then
        pinfo.cols.info:set(table.concat(told, ", ") .. " ")
        pinfo.cols.info:fence() -- the rest of the segment may be dissected by another call
    end
    return tvb:len()
end

-- What the datagram of a client of another implementation says: the protocol, its word, and what stands behind that.
local function look(bytes)
    local typ, flag = bytes:byte(1, 2)
    local word = bytes:sub(1, 1)
    if bytes == legacy.lone or flag and flag <= 1 and legacy.A[word] then
        return "A", word, bytes:sub(3), flag
    end
    word = bytes:match("^[^|]*")
    for _, protocol in ipairs({ "B", "C" }) do
        if legacy[protocol][word] then
            return protocol, word, bytes:sub(#word + 2), nil
        end
    end
    return nil
end

local function show_client_datagram(tvb, tree)
    local bytes = tvb:raw()
    local protocol, word, text, flag = look(bytes)
    if not protocol then
        tree:add(client_field.text, tvb(), visible(bytes)):add_proto_expert_info(client_expert["unknown-protocol"])
        return brief(bytes)
    end
    tree:add(client_field.protocol, protocol):set_generated()
    local shown = protocol == "A" and hex(word) or word
    tree:add(client_field.word, tvb(0, #word), shown):append_text(" (" .. legacy[protocol][word] .. ")")
    if flag then
        tree:add(client_field.flag, tvb(1, 1))
    end
    local line = protocol .. " " .. shown .. " (" .. legacy[protocol][word] .. ")"
    if text ~= "" then
        tree:add(client_field.text, tvb(#bytes - #text), visible(text))
        line = line .. " " .. brief(text)
    end
    return line
end

-- UDP: the clients of other implementations, a datagram a message.
local function dissect_client_datagram(tvb, pinfo, root)
    pinfo.cols.protocol = "SIMP client"
    local tree = root:add(client, tvb())
    local line
    if tvb:len() < tvb:reported_len() then
        tree:add_proto_expert_info(client_expert.cut)
        line = client_remarks.cut.text
    else
        line = show_client_datagram(tvb, tree)
    end
    tree:append_text(", " .. line)
    pinfo.cols.info = line
end

function client.dissector(tvb, pinfo, root)
    if pinfo.port_type == 2 then -- TCP; UDP is 3
        return dissect_lines(tvb, pinfo, root)
    end
    return dissect_client_datagram(tvb, pinfo, root)
end

-- Ports --------------------------------------------------------------------------------------------------------------

-- Nothing is guessed from the bytes: what goes over other ports can be decoded by hand ("Decode As").
DissectorTable.get("udp.port"):add(ports.daemon, simp)
DissectorTable.get("udp.port"):add(ports.client, client)
DissectorTable.get("tcp.port"):add(ports.client, client)
