-- Datagrams between daemons ------------------------------------------------------------------------------------------

-- Shows a field of the header, with the name of its value, and returns its item.
local function show_field(tree, range, f, typ)
    local item = tree:add(field[f.name], range)
    if f.values then
        local name = f.values[range:uint()]
        if type(name) == "table" then -- it depends on Type what the value means
            name = name[typ]
        end
        item:append_text(" (" .. (name or "unknown") .. ")")
    end
    return item
end

-- The name in a User field, and what is remarkable about it. It may be padded with NUL or with blanks.
local function read_user(bytes)
    local found = {}
    local name = bytes
    local nul = bytes:find("\0", 1, true)
    if nul then
        name = bytes:sub(1, nul - 1)
        if bytes:find("[^\0]", nul) then
            found[#found + 1] = "user-after-nul"
        end
    end
    local trimmed = name:match("^(.-) *$")
    if #trimmed < #name then
        found[#found + 1] = #name == #bytes and "user-padded-with-spaces" or "user-blanks"
        name = trimmed
    end
    trimmed = name:match("^ *(.*)$")
    if #trimmed < #name and found[#found] ~= "user-blanks" then
        found[#found + 1] = "user-blanks"
    end
    name = trimmed
    if name == "" then
        found[#found + 1] = "user-empty"
    end
    local not_ascii, control = unprintable(name)
    if not_ascii then
        found[#found + 1] = "user-not-ascii"
    end
    if control then
        found[#found + 1] = "user-control"
    end
    return name, found
end

local function show_user(tree, range, f)
    local name, found = read_user(range:raw())
    local item = tree:add(field[f.name], range, visible(name))
    for _, r in ipairs(found) do
        remark(item, r)
    end
    return name
end

-- Shows a checksum and whether it is right for the bytes in front of it.
local function show_checksum(tree, f, range, right)
    local item = tree:add(f, range)
    if range:raw() == right then
        item:append_text(" (right)")
    else
        item:append_text(" (wrong, it should be 0x" .. hex(right) .. ")")
    end
    return item
end

-- Shows the name of the conversation and what else native peers write as words: "left abcdefgh ijklmnop", "chat abcdefgh #3".
local function show_words(tree, range, kind, text)
    local name = token_in(text)
    if name ~= "" then
        tree:add(field.conversation, range, name)
        local second = token_in(after_word(text))
        if second ~= "" and (kind == "SYN+ACK" or kind == "FIN") then
            tree:add(field.own_conversation, range, second)
        end
    end
    local number = number_in(text)
    if number > 0 and (kind == "CHAT" or kind == "ACK") then
        tree:add(field.number, range, number)
    end
end

-- The parts of the announcement in a payload: its words, the filler, the seal and what the seal should be; nil if it
-- is none. Header and payload are what the seal covers.
local function read_announcement(header, payload)
    if payload:sub(1, #words.prefix) ~= words.prefix then
        return nil
    end
    local said, last = payload:match("^(.*) ([^ ]*)$")
    if not said or #last < words.last_word or last:find("[^!-~]") then
        return nil
    end
    local seal = last:sub(-words.seal)
    return {
        words = said, filler = last:sub(1, -words.seal - 1), seal = seal,
        right = checksum(header .. payload:sub(1, -words.seal - 1)),
    }
end

-- Whether a datagram of this kind can announce its sender: those that may be the first that a peer has of it.
local function can_announce(code)
    return code.kind == "SYN" or code.kind == "SYN+ACK" or code.kind == "FIN" and code.usual
end

-- Whether bytes behind a payload are a label: a NUL, and one of the words that native peers know.
local function is_label(behind)
    local said = behind:sub(2)
    return #behind >= 2 and behind:byte(1) == 0 and is_printable(said) and
        (said:sub(1, 1) == words.number_mark or token_in(said) ~= "")
end

-- Shows what Length counts. Returns what the payload says: in an announcing FIN what stands behind the announcement.
-- announced tells whether the seal is right.
local function show_payload(tree, range, header, code)
    local payload = range:raw()
    local item = tree:add(field.Payload, range)
    local said, said_range, announced = payload, range, false
    if code.kind == "CHAT" and payload:byte(1) == 0 then
        remark(item, "leading-nul")
        said = payload:sub(2)
        if said ~= "" then
            said_range = range(1)
        end
    elseif can_announce(code) then
        local a = read_announcement(header, payload)
        if a then
            local at = #payload - words.seal - #a.filler
            local announcement = item:add(field.announcement, range(0, #a.words), visible(a.words))
            item:add(field.filler, range(at, #a.filler), visible(a.filler))
            local seal = show_checksum(item, field.seal, range(#payload - words.seal), a.right)
            announced = a.seal == a.right
            if not announced then
                remark(seal, "wrong-seal")
            elseif code.kind ~= "FIN" then
                said, said_range = a.words, range(0, #a.words)
                show_words(announcement, said_range, code.kind, after_word(said))
            elseif first_word(a.words) == words.announcement then
                said = after_word(a.words)
                said_range = range(#a.words - #said, #said)
            else
                announced = false -- the words of another version may mean anything
            end
        end
    end
    local meant = announced or code.text
    if code.kind == "ACK" and acks[first_word(said)] then
        meant = true
        item:add(field.of, said_range(0, #first_word(said)), acks[first_word(said)])
        show_words(item, said_range, code.kind, after_word(said))
    elseif code.kind == "FIN" and reasons[first_word(said)] then
        meant = true
        item:add(field.reason, said_range(0, #first_word(said)), first_word(said))
        show_words(item, said_range, code.kind, after_word(said))
    end
    if said ~= "" then
        item:add(field.text, said_range, visible(said))
        local not_ascii, control = unprintable(said)
        if not_ascii then
            remark(item, "payload-not-ascii")
        end
        if control then
            remark(item, "payload-control")
        end
        if not meant then
            remark(item, "extra-payload")
        end
    end
    return said, announced
end

-- Shows what stands behind the payload and is not counted by Length. Returns the label if it is one.
local function show_behind(tree, range, counted, code, length_item)
    local behind = range:raw()
    if (code.kind == "CHAT" or code.kind == "ERR") and is_label(behind) then
        local label = behind:sub(2)
        local item = tree:add(field.label, range, visible(label))
        show_words(item, range(1), code.kind, label)
        return label
    end
    if #behind ~= words.seal then
        tree:add(field.behind, range)
        remark(length_item, "length-short")
        return ""
    end
    local right = checksum(counted)
    local item = show_checksum(tree, field.trailer, range, right)
    if behind == right then
        remark(item, "trailer")
    else
        remark(item, "wrong-trailer")
        remark(length_item, "length-short")
    end
    return ""
end

-- A datagram in one line.
local function summary(code, seq, user, said, announced, label)
    local line = string.format("%s seq=%d user=%s", code.name, seq, quote(user))
    if said ~= "" or announced or code.kind == "CHAT" then
        if first_characters(said, shown_characters) ~= said or code.kind == "CHAT" then
            line = line .. " len=" .. #said
        end
        if announced then
            line = line .. (code.kind == "FIN" and " sealed=" or " announce=")
        elseif code.kind == "ACK" and acks[first_word(said)] then
            line = line .. " of="
        else
            line = line .. " "
        end
        line = line .. brief(said)
    end
    if label ~= "" then
        line = line .. " label=" .. quote(first_characters(label, shown_characters))
    end
    return line
end

-- The error that makes a datagram useless, and what it stands for if there is none. Its bytes are judged in this order.
local function judge(bytes)
    local typ, operation = bytes:byte(1, 2)
    if #bytes > sizes.most then
        return "oversized"
    elseif #bytes < sizes.header and not (#bytes == sizes.no_length and types[typ] == "control") then
        return "short"
    elseif not types[typ] then
        return "type"
    elseif not codes[typ][operation] then
        return "operation"
    end
    return nil, codes[typ][operation]
end

local function dissect_stub(tvb, tree)
    local user = ""
    for _, f in ipairs(stub_layout) do
        local range = tvb(f.offset, f.size)
        if f.type == "name" then
            user = show_user(tree, range, f)
        else
            remark(show_field(tree, range, f), "form-stub")
        end
    end
    return summary(stub, 0, user, "", false, "")
end

-- Shows the fields of a datagram, as many as there are. Returns the items and the values by the names of the fields.
local function show_header(tree, tvb)
    local items, values = {}, {}
    for _, f in ipairs(layout) do
        if f.size > 0 and f.offset + f.size <= tvb:len() then
            local range = tvb(f.offset, f.size)
            if f.type == "name" then
                values[f.name] = show_user(tree, range, f)
            else
                items[f.name] = show_field(tree, range, f, values.Type)
                values[f.name] = range:uint()
            end
        end
    end
    return items, values
end

-- Dissects a whole datagram and returns its summary.
local function dissect_whole(tvb, tree)
    local bytes = tvb:raw()
    if #bytes == sizes.stub and bytes:byte(1) == stub.mark then
        tree:add(field.kind, stub.kind):set_generated()
        return dissect_stub(tvb, tree)
    end
    local items, values = show_header(tree, tvb)
    local wrong, code = judge(bytes)
    if wrong then
        remark(wrong == "type" and items.Type or wrong == "operation" and items.Operation or tree, wrong)
        return "not a datagram of SIMP: " .. remarks[wrong].text
    end
    tree:add(field.kind, code.kind):set_generated()
    for _, r in ipairs(code.remarks) do
        remark(items.Operation, r)
    end
    if values.Sequence > 1 then
        remark(items.Sequence, "seq-above-1")
    end
    local said, announced, label = "", false, ""
    if #bytes < sizes.header then
        remark(tree, "no-length")
    else
        local there = #bytes - sizes.header
        local counted = math.min(values.Length, there)
        if values.Length > there then
            remark(items.Length, "length-long")
        end
        if counted > 0 then
            said, announced = show_payload(tree, tvb(sizes.header, counted), bytes:sub(1, sizes.header), code)
        end
        if counted < there then
            label = show_behind(tree, tvb(sizes.header + counted), bytes:sub(1, sizes.header + counted), code, items.Length)
        end
    end
    return summary(code, values.Sequence, values.User, said, announced, label)
end

function simp.dissector(tvb, pinfo, root)
    pinfo.cols.protocol = "SIMP"
    local tree = root:add(simp, tvb())
    local line
    if tvb:len() < tvb:reported_len() then
        remark(tree, "cut")
        line = remarks.cut.text
    else
        line = dissect_whole(tvb, tree)
    end
    tree:append_text(", " .. line)
    pinfo.cols.info = line
end
