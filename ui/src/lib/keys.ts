// The keyboard. Layers of bindings lie on one another: the topmost layer that knows a key gets it, a modal layer keeps
// the rest from the layers below. Sequences such as `g s` wait a second for their second key.

import { useEffect, useRef, useSyncExternalStore } from "react";

/** What a key does. */
export interface Binding {
  /** A key or two with a space between: `j`, `shift+x`, `ctrl+k`, `g s`, `escape`. */
  readonly keys: string;
  readonly label: string;
  readonly run: () => void;
  /** Whether it is shown at the foot of the page. */
  readonly hint?: boolean;
  /** Whether it also works while somebody types. */
  readonly typing?: boolean;
}

interface Layer {
  bindings: readonly Binding[];
  modal: boolean;
}

const WAIT_MS = 1000;
let layers: Layer[] = [];
let listed: readonly Binding[] = [];
const listeners = new Set<() => void>();
let first: { key: string; at: number } | undefined;

function changed(): void {
  const seen = new Set<string>();
  const all: Binding[] = [];
  for (const layer of [...layers].reverse()) {
    for (const binding of layer.bindings) {
      if (!seen.has(binding.keys)) all.push(binding);
      seen.add(binding.keys);
    }
    if (layer.modal) break;
  }
  listed = all;
  for (const listener of listeners) listener();
}

/** The name of a key press, as bindings write it. */
export function nameOf(event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key.toLowerCase();
  const isLetter = /^[a-z]$/.test(key);
  const mods = [
    event.ctrlKey || event.metaKey ? "ctrl+" : "",
    event.altKey ? "alt+" : "",
    event.shiftKey && (isLetter || key.length > 1) ? "shift+" : "",
  ].join("");
  return mods + key;
}

/** Finds what a key means, given the key before it. For tests as much as for the listener. */
export function lookup(
  stack: readonly { bindings: readonly Binding[]; modal: boolean }[],
  key: string,
  before: string | undefined,
): { run?: Binding; isPrefix: boolean } {
  // A sequence that was begun is meant, whatever its second key alone would do: `g r` does not reopen a signal.
  const sequence = before === undefined ? undefined : lookup(stack, `${before} ${key}`, undefined).run;
  if (sequence) return { run: sequence, isPrefix: false };
  for (const layer of [...stack].reverse()) {
    const found = layer.bindings.find(({ keys }) => keys === key);
    if (found) return { run: found, isPrefix: false };
    if (layer.bindings.some(({ keys }) => keys.startsWith(`${key} `))) return { isPrefix: true };
    if (layer.modal) break;
  }
  return { isPrefix: false };
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
  const key = nameOf(event);
  const before = first && event.timeStamp - first.at < WAIT_MS ? first.key : undefined;
  const { run, isPrefix } = lookup(layers, key, before);
  first = isPrefix && !isTyping(event.target) ? { key, at: event.timeStamp } : undefined;
  const typed = isTyping(event.target) ? (event.target as HTMLElement) : undefined;
  if (typed && !run?.typing) {
    // Back to where keys do something. In a dialog the key means the dialog.
    if (key === "escape" && !typed.closest("dialog")) typed.blur();
    return;
  }
  if (!run) return;
  // Enter and space belong to the control that has the focus.
  const onControl = event.target instanceof Element && event.target.closest("button, a, summary, [role=menuitem]");
  if (onControl && (key === "enter" || key === " ")) return;
  event.preventDefault();
  run.run();
}

/** Starts to listen; once for the whole page. Returns how to stop. */
export function listen(): () => void {
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

/** Bindings while a component stands. */
export function useKeys(bindings: readonly Binding[], modal = false): void {
  const layer = useRef<Layer>({ bindings, modal });
  useEffect(() => {
    const mine = layer.current;
    layers = [...layers, mine];
    changed();
    return () => {
      layers = layers.filter((other) => other !== mine);
      changed();
    };
  }, []);
  const shape = bindings.map(({ keys, label, hint }) => `${keys}|${label}|${hint ?? ""}`).join("\n");
  useEffect(() => {
    layer.current.bindings = bindings;
  });
  useEffect(() => {
    layer.current.modal = modal;
    changed();
  }, [shape, modal]);
}

/** All keys that mean something now. */
export function useBindings(): readonly Binding[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => listed,
  );
}
