-- Shows what flannel's udp carries (https://www.wireshark.org/docs/wsdg_html_chunked/wsluarm.html): a datagram of port 8285 is
-- an IPv4 packet and nothing else. At most 19 bytes are none: daemons of Overlay ask each other with them, which stock flannel drops.

local overlay = Proto("overlay", "Overlay (flannel's udp)")

local kinds = { [1] = "question", [2] = "answer" }
local fields = {
  probe = ProtoField.bytes("overlay.probe", "Probe"),
  kind = ProtoField.uint8("overlay.probe.kind", "Kind", base.DEC, kinds),
  port = ProtoField.uint16("overlay.probe.port", "Answer to port"),
  nonce = ProtoField.bytes("overlay.probe.nonce", "Nonce"),
  release = ProtoField.string("overlay.probe.release", "Release"),
}
overlay.fields = { fields.probe, fields.kind, fields.port, fields.nonce, fields.release }

local no_packet = ProtoExpert.new(
  "overlay.no_packet", "More than 19 bytes that are no IPv4 packet", expert.group.MALFORMED, expert.severity.ERROR)
overlay.experts = { no_packet }

overlay.prefs.port = Pref.range("UDP port", "8285", "The overlay's UDP port, on every host the same", 65535)

local longest_probe, ping_bytes = 19, 19
local ip = Dissector.get("ip")
local udp_ports = DissectorTable.get("udp.port")

local function show_probe(buffer, info, tree)
  local branch = tree:add(overlay, buffer(), "Overlay probe, " .. buffer:len() .. " bytes")
  info.cols.protocol = "Overlay"
  info.cols.info = "Overlay probe, " .. buffer:len() .. " bytes"
  if buffer:len() == 0 then return end
  branch:add(fields.probe, buffer())
  if buffer:len() ~= ping_bytes or buffer(0, 4):string() ~= "OvPg" then return end
  local kind = buffer(4, 1):uint()
  branch:add(fields.kind, buffer(4, 1))
  branch:add(fields.port, buffer(6, 2))
  branch:add(fields.nonce, buffer(8, 8))
  info.cols.info = "Overlay ping, " .. (kinds[kind] or "unknown")
  if kind == 2 then
    local release = buffer(16, 1):uint() .. "." .. buffer(17, 1):uint() .. "." .. buffer(18, 1):uint()
    branch:add(fields.release, buffer(16, 3), release)
    info.cols.info = "Overlay ping, answer of release " .. release
  end
end

-- A capture on the sender shows datagrams that the network card was to cut as one: packets, each as long as it says.
local function show_packets(buffer, info, tree)
  local offset = 0
  while offset < buffer:len() do
    local rest = buffer:len() - offset
    local length = rest
    if rest >= 20 then length = math.min(math.max(buffer(offset + 2, 2):uint(), 20), rest) end
    ip:call(buffer(offset, length):tvb(), info, tree)
    offset = offset + length
  end
end

function overlay.dissector(buffer, info, tree)
  if buffer:reported_len() <= longest_probe then
    show_probe(buffer, info, tree)
  elseif buffer:len() > 0 and buffer(0, 1):bitfield(0, 4) == 4 then
    tree:add(overlay, buffer(0, 0), "Overlay, " .. buffer:reported_len() .. " bytes inside")
    show_packets(buffer, info, tree)
  else
    info.cols.protocol = "Overlay"
    tree:add(overlay, buffer()):add_proto_expert_info(no_packet)
  end
  return buffer:len()
end

local ports = overlay.prefs.port

function overlay.prefs_changed()
  if ports ~= overlay.prefs.port then
    udp_ports:remove(ports, overlay)
    ports = overlay.prefs.port
    udp_ports:add(ports, overlay)
  end
end

udp_ports:add(ports, overlay)
