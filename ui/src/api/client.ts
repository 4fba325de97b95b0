// Calls of the API. Paths, bodies and answers are those of the server's OpenAPI document: a call that it does not know
// does not compile.

import type { components, paths } from "./schema";

/** The shapes of the API, by name. */
export type Schemas = components["schemas"];

type Method = "get" | "post" | "put" | "patch" | "delete";
type PathsOf<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;
type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer T } } } }
  ? T
  : O extends { responses: { 201: { content: { "application/json": infer T } } } }
    ? T
    : undefined;
type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : undefined;

/** What a call may say beside its path. */
export interface Options {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: URLSearchParams | Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal;
}

/** The server, or the way to it, has refused. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

let onLost: () => void = () => undefined;

/** Says what happens when the session has ended. */
export function whenLost(run: () => void): void {
  onLost = run;
}

/** Words for what went wrong before there was an answer; set with the language. */
export const words = { noAnswer: "no answer", failed: (status: number) => `HTTP ${status}` };

function address(path: string, { params = {}, query }: Options): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  if (!query) return filled;
  const search = query instanceof URLSearchParams ? query : new URLSearchParams();
  if (!(query instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${filled}?${text}` : filled;
}

async function problem(response: Response): Promise<string> {
  try {
    const body: unknown = await response.json();
    if (body && typeof body === "object") {
      const { title, detail } = body as { title?: unknown; detail?: unknown };
      const told = [title, detail].filter((part): part is string => typeof part === "string");
      if (told.length > 0) return told.join(": ");
    }
  } catch {
    // No document: the status must do.
  }
  return words.failed(response.status);
}

/** Any call. The header shows the server that the request was made by this page and not by another site. */
export async function call<M extends Method, P extends PathsOf<M>>(
  method: M,
  path: P,
  body: BodyOf<Operation<P, M>>,
  options: Options = {},
): Promise<Answer<Operation<P, M>>> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "get") headers["x-sigyn-request"] = "page";
  if (body !== undefined) headers["content-type"] = "application/json";
  const init: RequestInit = { method: method.toUpperCase(), headers, credentials: "same-origin" };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (options.signal) init.signal = options.signal;
  let response: Response;
  try {
    response = await fetch(address(path, options), init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(0, words.noAnswer);
  }
  if (!response.ok) {
    if (response.status === 401 && !path.endsWith("/session")) onLost();
    throw new Refused(response.status, await problem(response));
  }
  const text = response.status === 204 ? "" : await response.text();
  return (text ? JSON.parse(text) : undefined) as Answer<Operation<P, M>>;
}

/** A question. */
export function get<P extends PathsOf<"get">>(path: P, options: Options = {}): Promise<Answer<Operation<P, "get">>> {
  return call("get", path, undefined as BodyOf<Operation<P, "get">>, options);
}
