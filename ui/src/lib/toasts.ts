// Short messages at the corner, with a way back where there is one.

import { useSyncExternalStore } from "react";

/** How long an undo can be had by its key, as the message says. */
export const UNDO_MS = 10_000;

/** A message. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly failed: boolean;
  readonly undo?: () => void;
}

let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Shows a message for ten seconds. */
export function toast(text: string, more: { undo?: () => void; failed?: boolean } = {}): void {
  last += 1;
  const id = last;
  const added: Toast = { id, text, failed: more.failed ?? false, ...(more.undo ? { undo: more.undo } : {}) };
  set([...toasts.slice(-3), added]);
  setTimeout(() => dismiss(id), UNDO_MS);
}

/** Takes a message away. */
export function dismiss(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

/** Runs the undo of the youngest message that has one; says whether there was one. */
export function undoLast(): boolean {
  const found = [...toasts].reverse().find((toast) => toast.undo);
  if (!found?.undo) return false;
  dismiss(found.id);
  found.undo();
  return true;
}

/** The messages that stand. */
export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
}
