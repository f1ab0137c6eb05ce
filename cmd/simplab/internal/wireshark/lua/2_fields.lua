-- What can be filtered by --------------------------------------------------------------------------------------------

local simp = Proto("simp", "Simple IMC Messaging Protocol")

-- The fields of the header are called as in the layout: simp.type, simp.operation and so on.
local field = {}
for _, f in ipairs(layout) do
    local abbreviation = "simp." .. f.name:lower()
    if f.type == "bytes" then
        field[f.name] = ProtoField.bytes(abbreviation, f.name)
    elseif f.type == "name" then
        field[f.name] = ProtoField.string(abbreviation, f.name)
    elseif f.size > 1 then
        field[f.name] = ProtoField.uint32(abbreviation, f.name, base.DEC)
    elseif f.values then
        field[f.name] = ProtoField.uint8(abbreviation, f.name, base.HEX)
    else
        field[f.name] = ProtoField.uint8(abbreviation, f.name, base.DEC)
    end
end

-- What follows from the fields, or stands in the payload.
field.kind = ProtoField.string("simp.kind", "Kind")
field.text = ProtoField.string("simp.text", "Text")
field.announcement = ProtoField.string("simp.announcement", "Announcement")
field.filler = ProtoField.string("simp.filler", "Filler")
field.seal = ProtoField.uint16("simp.seal", "Seal", base.HEX)
field.of = ProtoField.string("simp.of", "Acknowledges")
field.reason = ProtoField.string("simp.reason", "Reason")
field.conversation = ProtoField.string("simp.conversation", "Name of the conversation")
field.own_conversation = ProtoField.string("simp.own_conversation", "Name that the sender has given it")
field.number = ProtoField.uint32("simp.number", "Number of the message", base.DEC)
field.label = ProtoField.string("simp.label", "Label")
field.trailer = ProtoField.uint16("simp.trailer", "Checksum behind the payload", base.HEX)
field.behind = ProtoField.bytes("simp.behind", "Behind the payload")

-- What is remarkable: simp.remark.length_short and so on.
local remark_expert = {}
for name, r in pairs(remarks) do
    remark_expert[name] = ProtoExpert.new("simp.remark." .. name:gsub("-", "_"), r.text, expert.group[r.group], expert.severity[r.severity])
end

local function register(proto, fields, experts)
    local all_fields, all_experts = {}, {}
    for _, f in pairs(fields) do
        all_fields[#all_fields + 1] = f
    end
    for _, e in pairs(experts) do
        all_experts[#all_experts + 1] = e
    end
    proto.fields, proto.experts = all_fields, all_experts
end

register(simp, field, remark_expert)

local function remark(item, name)
    item:add_proto_expert_info(remark_expert[name])
end
