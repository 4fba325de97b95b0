// A click on any value offers what can be done with it.

import type { ReactNode } from "react";
import { t } from "../strings/en";
import { toast } from "../lib/toasts";
import { type Field, FIELDS, type Use } from "../lib/filter";
import { Menu, type Item } from "./menu";

/** How the page around uses values; the field is one of the filter's or the path of an event's field. */
export type ValueUse = (field: string, value: string, use: Use | "text") => void;

/** Puts a text on the clipboard and says so. */
export function copy(text: string): void {
  void navigator.clipboard?.writeText(text).then(() => toast(t.copied));
}

function isField(name: string): name is Field {
  return FIELDS.some((field) => field === name);
}

/** A value with its menu. */
export function ValueMenu({ field, value, use, children }: { field: string; value: string; use: ValueUse; children: ReactNode }) {
  const filters: Item[] = isField(field)
    ? [
        { label: t.signals.include, run: () => use(field, value, "include") },
        { label: t.signals.exclude, run: () => use(field, value, "exclude") },
        { label: t.signals.only, run: () => use(field, value, "only") },
      ]
    : [];
  const items: Item[] = [
    ...filters,
    { label: t.signals.addText, run: () => use(field, value, "text") },
    { label: t.copy, run: () => copy(value) },
  ];
  return (
    <Menu
      title={isField(field) ? `${t.field[field]}: ${value}` : `${field}: ${value}`}
      items={items}
      button={(open, isOpen) => (
        <button
          className="value"
          aria-haspopup="menu"
          aria-expanded={isOpen}
          onClick={(event) => {
            event.stopPropagation();
            // Whoever selects a part of the text wants to copy it, not the menu.
            if (!window.getSelection()?.toString()) open(event.currentTarget);
          }}
        >
          {children}
        </button>
      )}
    />
  );
}
