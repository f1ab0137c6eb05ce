-- Text -------------------------------------------------------------------------------------------------------------

-- The first character of s at a position: how many bytes it has, and its code point; 1 and nil for a byte that is not
-- UTF-8.
local function character(s, at)
    local lead = s:byte(at)
    if lead < 0x80 then
        return 1, lead
    end
    local size, code, least
    if lead >= 0xc2 and lead <= 0xdf then
        size, code, least = 2, lead - 0xc0, 0x80
    elseif lead >= 0xe0 and lead <= 0xef then
        size, code, least = 3, lead - 0xe0, 0x800
    elseif lead >= 0xf0 and lead <= 0xf4 then
        size, code, least = 4, lead - 0xf0, 0x10000
    else
        return 1, nil
    end
    for i = at + 1, at + size - 1 do
        local more = s:byte(i)
        if more == nil or more < 0x80 or more > 0xbf then
            return 1, nil
        end
        code = code * 64 + more - 0x80
    end
    if code < least or code > 0x10ffff or code >= 0xd800 and code <= 0xdfff then
        return 1, nil
    end
    return size, code
end

-- Whether a character is one that nobody sees, or that changes how the ones around it look.
local function is_hidden(code)
    for _, range in ipairs(hidden) do
        if code >= range[1] and code <= range[2] then
            return true
        end
    end
    return false
end

local escapes = {
    ["\a"] = "\\a", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\v"] = "\\v",
    ["\\"] = "\\\\",
}

-- s with everything written out that is not plain text: whatever a peer sent, the result is one line and safe to show.
local function visible(s)
    local out, at = {}, 1
    while at <= #s do
        local size, code = character(s, at)
        local c = s:sub(at, at + size - 1)
        if escapes[c] then
            c = escapes[c]
        elseif code == nil or code < 0x20 or code == 0x7f then
            c = string.format("\\x%02x", s:byte(at))
        elseif code >= 0x80 and is_hidden(code) then
            c = string.format(code < 0x10000 and "\\u%04x" or "\\U%08x", code)
        end
        out[#out + 1] = c
        at = at + size
    end
    return table.concat(out)
end

-- The same in quotation marks.
local function quote(s)
    return '"' .. visible(s):gsub('"', '\\"') .. '"'
end

-- The first n characters of s.
local function first_characters(s, n)
    local at = 1
    for _ = 1, n do
        if at > #s then
            break
        end
        at = at + character(s, at)
    end
    return s:sub(1, at - 1)
end

-- The beginning of s in quotation marks, as much as the list of packets has room for.
local function brief(s)
    local shown = first_characters(s, shown_characters)
    return quote(shown) .. (#shown < #s and "..." or "")
end

-- Whether s has bytes above 0x7f, and whether it has control characters.
local function unprintable(s)
    return s:find("[\128-\255]") ~= nil, s:find("[\0-\31\127]") ~= nil
end

local function is_printable(s)
    return s:find("[^ -~]") == nil
end

-- Words are separated by single blanks.
local function first_word(s)
    return s:match("^[^ ]*")
end

local function after_word(s)
    return s:sub(#first_word(s) + 2)
end

-- The name of a conversation with which s begins; "" if it begins with something else.
local function token_in(s)
    local word = first_word(s)
    if #word ~= words.token_length then
        return ""
    end
    for c in word:gmatch(".") do
        if not words.token_alphabet:find(c, 1, true) then
            return ""
        end
    end
    return word
end

-- The number of a message that is among words, such as "#12"; 0 if there is none.
local function number_in(s)
    while s ~= "" do
        if s:sub(1, 1) == words.number_mark then
            local digits = first_word(s:sub(2))
            local number = digits:match("^%d+$") and tonumber(digits) or 0
            return number <= 4294967295 and number or 0
        end
        s = after_word(s)
    end
    return 0
end

-- The checksum that some implementations put behind the payload, and that seals an announcement: the complement of the
-- sum of all 16-bit words, the first byte of each being the low one. A carry out of 16 bits is added again at the bottom.
-- It is sent with its high byte first.
local function checksum(s)
    local sum = 0
    for i = 1, #s do
        sum = sum + s:byte(i) * (i % 2 == 1 and 1 or 256)
    end
    while sum > 0xffff do
        sum = sum % 0x10000 + math.floor(sum / 0x10000)
    end
    return string.char(255 - math.floor(sum / 256), 255 - sum % 256)
end

-- An unsigned number, its high byte first.
local function number_of(s)
    local n = 0
    for i = 1, #s do
        n = n * 256 + s:byte(i)
    end
    return n
end

local function hex(s)
    return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end))
end
