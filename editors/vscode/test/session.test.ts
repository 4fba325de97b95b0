// A whole session with the built program, through the client library that editors use.
//
// SIGYN names the program; without it, the one that cargo built last is taken.

import assert from "node:assert/strict";
import { ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  CodeAction,
  CodeActionRequest,
  CompletionList,
  CompletionRequest,
  createProtocolConnection,
  DefinitionRequest,
  Diagnostic,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExecuteCommandRequest,
  ExitNotification,
  Hover,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  Location,
  MarkupContent,
  Position,
  ProtocolConnection,
  PublishDiagnosticsNotification,
  PublishDiagnosticsParams,
  RenameRequest,
  ResponseError,
  ShutdownRequest,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver-protocol/node";
import { CONVERT, EXPLAIN, Preview, show, TARGETS, Target } from "../src/contract";

const RULE = `title: Certutil Fetches A File
id: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11
name: certutil
status: experimental
description: Detects certutil when it fetches a file from the web
references:
    - https://example.com/certutil
author: Somebody
date: 2026-01-02
tags:
    - attack.command-and-control
    - attack.t1105
logsource:
    category: process_creation
    product: windows
detection:
    selection_img:
        Image: '*\\certutil.exe'
    selection_cli:
        CommandLine|contains: 'url😀cache'
    filter_main_x:
        User: 'x'
    condition: all of selection_* and not filter_main_x
falsepositives:
    - Unknown
level: high
`;

const BURST = `title: Burst Of Certutil
id: 6f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a12
status: experimental
description: Detects many files that certutil fetches in a short time
author: Somebody
date: 2026-01-02
correlation:
    type: event_count
    rules:
        - certutil
    group-by:
        - User
    timespan: 5m
    condition:
        gte: 3
level: high
`;

const WAIT_MS = 20_000;

/** The program: SIGYN, else the newest of cargo's builds. */
function program(): string | undefined {
  if (process.env.SIGYN !== undefined) {
    return process.env.SIGYN;
  }
  const target = process.env.CARGO_TARGET_DIR ?? resolve(__dirname, "../../../../target");
  const name = process.platform === "win32" ? "sigyn.exe" : "sigyn";
  const built = ["debug", "release"].map((profile) => join(target, profile, name)).filter((path) => existsSync(path));
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** A document as the editor has it. */
class Doc {
  version = 1;
  constructor(
    readonly uri: string,
    public text: string,
  ) {}

  at(part: string, offset = 0): Position {
    const index = this.text.indexOf(part);
    assert.notEqual(index, -1, part);
    const before = this.text.slice(0, index + offset).split("\n");
    return { line: before.length - 1, character: before[before.length - 1].length };
  }

  private index({ line, character }: Position): number {
    const lines = this.text.split("\n").slice(0, line);
    return lines.reduce((sum, line) => sum + line.length + 1, 0) + character;
  }

  apply(edits: TextEdit[]): string {
    const sorted = [...edits].sort((a, b) => this.index(b.range.start) - this.index(a.range.start));
    return sorted.reduce(
      (text, edit) => text.slice(0, this.index(edit.range.start)) + edit.newText + text.slice(this.index(edit.range.end)),
      this.text,
    );
  }
}

const path = program();
const skip = path === undefined ? "there is no program: cargo build -p sigyn-cli" : false;
const folder = mkdtempSync(join(tmpdir(), "sigyn-editor-"));
const doc = new Doc(pathToFileURL(join(folder, "proc_creation_win_certutil.yml")).href, RULE);
let server: ChildProcess;
let connection: ProtocolConnection;
const published = new Map<string, PublishDiagnosticsParams>();
const waiting: (() => void)[] = [];

/** Waits until the findings of a document are as wanted. */
async function findings(uri: string, wanted: (found: Diagnostic[]) => boolean): Promise<Diagnostic[]> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const found = published.get(uri)?.diagnostics;
    if (found !== undefined && wanted(found)) {
      return found;
    }
    assert.ok(Date.now() < deadline, `findings of ${uri}: ${JSON.stringify(found)}`);
    await new Promise<void>((go) => {
      waiting.push(go);
      setTimeout(go, 250);
    });
  }
}

const has = (code: string) => (found: Diagnostic[]) => found.some((item) => item.code === code);
const hasNot = (code: string) => (found: Diagnostic[]) => !has(code)(found);

async function change(text: string): Promise<void> {
  doc.text = text;
  doc.version += 1;
  await connection.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri: doc.uri, version: doc.version },
    contentChanges: [{ text }],
  });
}

before(async () => {
  if (path === undefined) {
    return;
  }
  writeFileSync(join(folder, "proc_creation_win_certutil.yml"), RULE);
  writeFileSync(join(folder, "correlation_burst.yml"), BURST);
  server = spawn(path, ["lsp", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  assert.ok(server.stdout !== null && server.stdin !== null);
  connection = createProtocolConnection(server.stdout, server.stdin);
  connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
    published.set(params.uri, params);
    waiting.splice(0).forEach((go) => go());
  });
  connection.listen();
});

after(() => {
  connection?.dispose();
  server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

test("the session begins", { skip }, async () => {
  const result = await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    capabilities: { textDocument: { hover: { contentFormat: ["markdown"] } } },
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: "rules" }],
    initializationOptions: { docs: "sigyn-page:/" },
  });
  assert.equal(result.capabilities.positionEncoding, "utf-16");
  await connection.sendNotification(InitializedNotification.type, {});
  await connection.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri: doc.uri, languageId: "yaml", version: doc.version, text: doc.text },
  });
});

test("findings come, with their pages", { skip }, async () => {
  const found = await findings(doc.uri, has("wildcard-instead-of-endswith"));
  const finding = found.find((item) => item.code === "wildcard-instead-of-endswith");
  assert.equal(finding?.codeDescription?.href, "sigyn-page:/checks/wildcard-instead-of-endswith.md");
  assert.deepEqual(finding?.range.start, doc.at("Image:"));
});

test("a word is explained, also behind a character of two units", { skip }, async () => {
  const hover = async (position: Position) => {
    const answer = await connection.sendRequest(HoverRequest.type, { textDocument: { uri: doc.uri }, position });
    return ((answer as Hover).contents as MarkupContent).value;
  };
  assert.match(await hover(doc.at("contains", 3)), /anywhere in the field/);
  assert.match(await hover(doc.at("attack.t1105", 9)), /Ingress Tool Transfer/);
  assert.match(await hover(doc.at("process_creation", 3)), /Sysmon|sysmon/);
});

test("what fits is offered", { skip }, async () => {
  const text = doc.text;
  await change(text.replace("User: 'x'", "CommandLine|"));
  const list = await connection.sendRequest(CompletionRequest.type, {
    textDocument: { uri: doc.uri },
    position: doc.at("CommandLine|\n", 12),
  });
  const labels = (list as CompletionList).items.map((item) => item.label);
  assert.ok(labels.includes("contains") && labels.includes("re") && !labels.includes("i"), labels.join(" "));
  await change(text);
});

test("names lead to what they mean, in this file and in others", { skip }, async () => {
  const answer = await connection.sendRequest(DefinitionRequest.type, {
    textDocument: { uri: doc.uri },
    position: doc.at("not filter_main_x", 8),
  });
  assert.deepEqual((answer as Location[])[0].range.start, doc.at("filter_main_x:"));
  const burst = new Doc(pathToFileURL(join(folder, "correlation_burst.yml")).href, BURST);
  await connection.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri: burst.uri, languageId: "yaml", version: 1, text: BURST },
  });
  await findings(burst.uri, hasNot("unknown-rule"));
  const other = await connection.sendRequest(DefinitionRequest.type, {
    textDocument: { uri: burst.uri },
    position: burst.at("- certutil", 4),
  });
  assert.equal((other as Location[])[0].uri, doc.uri);
  await change(doc.text.replace("name: certutil", "name: other"));
  await findings(burst.uri, has("unknown-rule"));
  await change(doc.text.replace("name: other", "name: certutil"));
  await findings(burst.uri, hasNot("unknown-rule"));
});

test("a search identifier is renamed, or the reason is said", { skip }, async () => {
  const rename = (newName: string) =>
    connection.sendRequest(RenameRequest.type, {
      textDocument: { uri: doc.uri },
      position: doc.at("filter_main_x"),
      newName,
    });
  const edit = (await rename("filter_main_y")) as WorkspaceEdit;
  const renamed = doc.apply(edit.changes?.[doc.uri] ?? []);
  assert.equal(renamed, doc.text.replaceAll("filter_main_x", "filter_main_y"));
  await assert.rejects(rename("selection_x"), (error: ResponseError<void>) => /selection_\*/.test(error.message));
});

test("fixes are applied", { skip }, async () => {
  const actions = async (only?: string[]) =>
    (await connection.sendRequest(CodeActionRequest.type, {
      textDocument: { uri: doc.uri },
      range: { start: doc.at("Image:"), end: doc.at("Image:", 5) },
      context: { diagnostics: [], ...(only === undefined ? {} : { only }) },
    })) as CodeAction[];
  const all = await actions();
  const fix = all.find((action) => action.kind === "quickfix" && action.isPreferred);
  const fixed = RULE.replace("Image: '*\\certutil.exe'", "Image|endswith: '\\certutil.exe'");
  assert.equal(doc.apply(fix?.edit?.changes?.[doc.uri] ?? []), fixed);
  assert.ok(all.some((action) => action.title === "Allow wildcard-instead-of-endswith here"));
  const [whole] = await actions(["source.fixAll"]);
  assert.equal(whole.kind, "source.fixAll.sigyn");
  assert.equal(doc.apply(whole.edit?.changes?.[doc.uri] ?? []), fixed);
  await change(fixed);
  await findings(doc.uri, hasNot("wildcard-instead-of-endswith"));
});

test("queries are previewed", { skip }, async () => {
  const command = <T>(command: string, ...args: unknown[]) =>
    connection.sendRequest(ExecuteCommandRequest.type, { command, arguments: args }) as Promise<T>;
  const wanted = { uri: doc.uri, target: "splunk", pipelines: ["splunk_windows"] };
  const preview = await command<Preview>(CONVERT, wanted);
  assert.match(preview.text, /Image="\*\\\\certutil\.exe"/);
  assert.deepEqual(preview.errors, []);
  assert.match(show(preview, wanted), /^# .*splunk_windows\n/i);
  const targets = await command<Target[]>(TARGETS);
  assert.ok(targets.some((target) => target.name === "splunk" && target.pipelines.includes("splunk_windows")));
  assert.match(await command<string>(EXPLAIN, "unknown-field"), /^# unknown-field/);
  await change(doc.text.replace("all of selection_*", "nothing"));
  const broken = await command<Preview>(CONVERT, wanted);
  assert.equal(broken.errors.length, 1);
  await assert.rejects(command(CONVERT, { uri: doc.uri, target: "none" }), /no target/);
});

test("the session ends", { skip }, async () => {
  await connection.sendRequest(ShutdownRequest.type);
  const code = new Promise<number | null>((end) => server.on("exit", end));
  await connection.sendNotification(ExitNotification.type);
  assert.equal(await code, 0);
});
