// The preview of queries: a read-only document beside the rule that follows what is typed.

import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";
import { CONVERT, Preview, show, TARGETS, Target, Wanted } from "./contract";

/** Documents of this scheme are made here; the address of the rule is their query. */
export const SCHEME = "sigyn-preview";
/** How long after a change the queries are made anew. */
const DELAY_MS = 150;

export class Previews implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly subscriptions: vscode.Disposable[] = [this.changed];

  readonly onDidChange = this.changed.event;

  constructor(private readonly client: () => LanguageClient | undefined) {
    this.subscriptions.push(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidChangeTextDocument((event) => this.refreshSoon(event.document.uri)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("sigyn.preview")) {
          this.refreshAll();
        }
      }),
    );
  }

  /** Opens the preview of a rule beside it. */
  async open(rule: vscode.Uri): Promise<void> {
    const document = await vscode.workspace.openTextDocument(address(rule));
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }

  /** Makes the queries of every preview anew. */
  refreshAll(): void {
    for (const document of vscode.workspace.textDocuments) {
      if (document.uri.scheme === SCHEME) {
        this.changed.fire(document.uri);
      }
    }
  }

  async provideTextDocumentContent(preview: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    const client = this.client();
    if (client === undefined) {
      return "# the language server does not run\n";
    }
    const rule = vscode.Uri.parse(preview.query, true);
    const wanted = settings(rule);
    try {
      const answer = await client.sendRequest<Preview>(
        "workspace/executeCommand",
        { command: CONVERT, arguments: [{ ...wanted, uri: client.code2ProtocolConverter.asUri(rule) }] },
        token,
      );
      return show(answer, wanted);
    } catch (error) {
      return `# ${error instanceof Error ? error.message : String(error)}\n`;
    }
  }

  /** Lets the user choose a target and, if there are any for it, a pipeline. */
  async choose(): Promise<void> {
    const client = this.client();
    if (client === undefined) {
      return;
    }
    const targets = await client.sendRequest<Target[]>("workspace/executeCommand", { command: TARGETS });
    const target = await vscode.window.showQuickPick(
      targets.map((target) => ({ label: target.name, description: target.title, target })),
      { placeHolder: "The target whose queries are previewed" },
    );
    if (target === undefined) {
      return;
    }
    const none = { label: "(none)" };
    const pipeline = await vscode.window.showQuickPick(
      [none, ...target.target.pipelines.map((name) => ({ label: name }))],
      { placeHolder: `A pipeline for ${target.label}` },
    );
    if (pipeline === undefined) {
      return;
    }
    const settings = vscode.workspace.getConfiguration("sigyn.preview");
    await settings.update("target", target.label);
    await settings.update("format", undefined);
    await settings.update("pipelines", pipeline === none ? [] : [pipeline.label]);
  }

  dispose(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.subscriptions.forEach((subscription) => subscription.dispose());
  }

  private refreshSoon(rule: vscode.Uri): void {
    const preview = address(rule);
    const key = preview.toString();
    if (!vscode.workspace.textDocuments.some((document) => document.uri.toString() === key)) {
      return;
    }
    clearTimeout(this.timers.get(key));
    const timer = setTimeout(() => {
      this.timers.delete(key);
      this.changed.fire(preview);
    }, DELAY_MS);
    this.timers.set(key, timer);
  }
}

function address(rule: vscode.Uri): vscode.Uri {
  const name = rule.path.split("/").pop() ?? "rule";
  return vscode.Uri.from({ scheme: SCHEME, path: `${name} (queries)`, query: rule.toString() });
}

function settings(rule: vscode.Uri): Wanted {
  const settings = vscode.workspace.getConfiguration("sigyn.preview", rule);
  const format = settings.get<string>("format", "");
  return {
    uri: rule.toString(),
    target: settings.get<string>("target", "splunk"),
    pipelines: settings.get<string[]>("pipelines", []),
    ...(format === "" ? {} : { format }),
  };
}
