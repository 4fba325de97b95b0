// Starts `sigyn lsp` and offers what an editor's protocol has no word for: the preview, and pages of checks.

import * as vscode from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions, State } from "vscode-languageclient/node";
import { EXPLAIN } from "./contract";
import { Previews } from "./preview";

/** Links of findings lead to documents of this scheme, which the server writes. */
const PAGES = "sigyn-page";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const previews = new Previews(() => client);
  const preview = () => {
    const rule = vscode.window.activeTextEditor?.document.uri;
    return rule === undefined ? undefined : previews.open(rule);
  };
  context.subscriptions.push(
    previews,
    vscode.workspace.registerTextDocumentContentProvider(PAGES, { provideTextDocumentContent: page }),
    vscode.commands.registerCommand("sigyn.preview", preview),
    vscode.commands.registerCommand("sigyn.chooseTarget", () => previews.choose()),
    vscode.commands.registerCommand("sigyn.fixAllSafe", fixAll),
    vscode.commands.registerCommand("sigyn.restart", restart),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("sigyn.path")) {
        await restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

async function start(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("sigyn");
  const server: ServerOptions = { command: settings.get<string>("path", "sigyn"), args: ["lsp"] };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "yaml" },
      { scheme: "untitled", language: "yaml" },
      { language: "sigma" },
    ],
    synchronize: { configurationSection: "sigyn" },
    initializationOptions: {
      validationConfig: settings.get<string>("validationConfig", ""),
      docs: `${PAGES}:/`,
    },
  };
  const started = new LanguageClient("sigyn", "Sigyn", server, options);
  started.onDidChangeState(({ newState }) => {
    void vscode.commands.executeCommand("setContext", "sigyn.isRunning", newState === State.Running);
  });
  try {
    await started.start();
    client = started;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const choice = await vscode.window.showErrorMessage(`Sigyn cannot be started: ${why}`, "Open Settings");
    if (choice !== undefined) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "sigyn.path");
    }
  }
}

async function restart(): Promise<void> {
  await deactivate();
  await start();
}

/** Mends the active document; the server answers with the edit. */
async function fixAll(): Promise<void> {
  await vscode.commands.executeCommand("editor.action.sourceAction", {
    kind: "source.fixAll.sigyn",
    apply: "first",
  });
}

/** `sigyn-page:/checks/unknown-field.md` is the page of that check. */
async function page(uri: vscode.Uri): Promise<string> {
  const name = (uri.path.split("/").pop() ?? "").replace(/\.md$/, "");
  const text = await client?.sendRequest<string | null>("workspace/executeCommand", {
    command: EXPLAIN,
    arguments: [name],
  });
  return text ?? `# ${name}\n\nThere is no page of this name; \`sigyn list checks\` lists all.\n`;
}
