-- Prints, for each line of the file that FILTERS names, the numbers of the frames that the display filter selects:
-- "=LINE:1 2 3", or "!LINE:" and a reason where it is no filter. One run of tshark answers for all of them.
local line_number = 0
for line in io.lines(os.getenv("FILTERS")) do
  line_number = line_number + 1
  local number, selected = line_number, {}
  local is_filter, tap = pcall(Listener.new, "frame", line)
  if is_filter then
    function tap.packet(packet) selected[#selected + 1] = packet.number end
    function tap.draw() print("=" .. number .. ":" .. table.concat(selected, " ")) end
  else
    print("!" .. number .. ":" .. tostring(tap):gsub("\n", " "))
  end
end
