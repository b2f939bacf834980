-- A real editor: Neovim opens a file with a mistake, sees the diagnostic, applies the fix, completes a field, formats, and goes to a
-- declaration. Run as: nvim --headless -u NONE -i NONE -c 'luafile tests/editors/neovim.lua' with FLYBALL in the environment.
-- Ends with status 0, or says on standard error what was not so.
local function fail(what)
  io.stderr:write("neovim: " .. what .. "\n")
  vim.cmd("cquit 1")
end
local function wait(what, condition)
  if not vim.wait(30000, condition, 20) then fail("waited in vain for " .. what) end
end

local folder = vim.fn.tempname()
vim.fn.mkdir(folder, "p")
local file = folder .. "/rules.fly"
vim.fn.writefile({
  "fact Link key (port) ttl 45s { port: string  util: percent }",
  "action Drain key (port) { port: string }",
  "rule drain {",
  "  cooldown 5m per hot.port",
  "  when { hot: Link where util > 80 for 2m }",
  "  then { do Drain { port: hot.port } }",
  "}",
}, file)
vim.cmd("edit " .. file)
local id = vim.lsp.start_client({ name = "flyball", cmd = { vim.env.FLYBALL, "lsp" }, root_dir = folder })
vim.lsp.buf_attach_client(0, id)
wait("the server", function()
  local client = vim.lsp.get_client_by_id(id)
  return client ~= nil and client.initialized
end)

-- The diagnostic, where the plain number stands.
wait("a diagnostic", function() return #vim.diagnostic.get(0) == 1 end)
local diagnostic = vim.diagnostic.get(0)[1]
if diagnostic.code ~= "E0203" or diagnostic.lnum ~= 4 then fail("the diagnostic is " .. vim.inspect(diagnostic)) end

-- Its fix, applied as an editor does.
local client = vim.lsp.get_client_by_id(id)
local function ask(method, params)
  local answer = client.request_sync(method, params, 30000, 0)
  if answer == nil or answer.err then fail(method .. ": " .. vim.inspect(answer)) end
  return answer.result
end
vim.api.nvim_win_set_cursor(0, { 5, diagnostic.col })
local params = vim.lsp.util.make_range_params()
params.context = { diagnostics = {} }
local actions = ask("textDocument/codeAction", params)
if #actions ~= 1 then fail("the actions are " .. vim.inspect(actions)) end
vim.lsp.util.apply_workspace_edit(actions[1].edit, client.offset_encoding)
if not vim.fn.getline(5):find("util > 80%% for") then fail("after the fix: " .. vim.fn.getline(5)) end
wait("the mistake to be gone", function() return #vim.diagnostic.get(0) == 0 end)

-- A field, completed after a point.
vim.fn.setline(6, "  then { do Drain { port: hot. } }")
vim.api.nvim_win_set_cursor(0, { 6, 29 })
local items = ask("textDocument/completion", {
  textDocument = vim.lsp.util.make_text_document_params(),
  position = { line = 5, character = 30 },
}).items
local labels = {}
for _, item in ipairs(items) do labels[item.label] = true end
if not (labels.port and labels.util) or #items ~= 2 then fail("completed with " .. vim.inspect(items)) end
vim.fn.setline(6, "  then { do Drain { port: hot.port } }")
wait("no mistake", function() return #vim.diagnostic.get(0) == 0 end)

-- The declaration of `hot`, and the form of the file.
local places = ask("textDocument/definition", { textDocument = vim.lsp.util.make_text_document_params(), position = { line = 5, character = 27 } })
if #places ~= 1 or places[1].range.start.line ~= 4 then fail("`hot` is declared at " .. vim.inspect(places)) end
vim.fn.setline(5, "  when { hot:Link   where util>80% for 2m }")
vim.lsp.buf.formatting_sync(nil, 30000)
local text = table.concat(vim.fn.getline(1, "$"), "\n")
if not text:find("hot: Link where util > 80%% for 2m") then fail("formatted: " .. text) end

vim.lsp.stop_client(id)
wait("the server to end", function() return vim.lsp.get_client_by_id(id) == nil or client.is_stopped() end)
vim.fn.delete(folder, "rf")
io.stdout:write("neovim: diagnostic, fix, completion, definition, formatting\n")
vim.cmd("qall!")
