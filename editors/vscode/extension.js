// Starts `flyball lsp` for .fly files, and runs a test in a terminal when its lens is clicked.
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function activate(context) {
  const path = vscode.workspace.getConfiguration("flyball").get("path");
  const server = { command: path, args: ["lsp"] };
  client = new LanguageClient("flyball", "flyball", { run: server, debug: server }, {
    documentSelector: [{ scheme: "file", language: "fly" }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.fly") },
  });
  context.subscriptions.push(
    vscode.commands.registerCommand("flyball.runTest", (uri, name) => {
      const file = vscode.Uri.parse(uri).fsPath;
      const task = new vscode.Task(
        { type: "flyball", file, name }, vscode.TaskScope.Workspace, name, "flyball",
        new vscode.ProcessExecution(path, ["test", file, "--filter", name]));
      vscode.tasks.executeTask(task);
    }));
  return client.start();
}

function deactivate() {
  return client ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
