// A table of plain rows. What is long and live (signals, rules) has a list of its own that draws only what is seen.

import type { ReactNode } from "react";

/** A column: its head and what stands in it. */
export interface Column<T> {
  readonly head: ReactNode;
  readonly cell: (row: T) => ReactNode;
  /** Classes of its cells: `num`, `mono`, `one` (a single line), `dim`. */
  readonly kind?: string | undefined;
  /** A class of the head that gives the width. */
  readonly width?: string | undefined;
}

interface Props<T> {
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  keyOf: (row: T) => string | number;
  /** Whether widths follow from the heads alone: needed where cells are cut. */
  fixed?: boolean;
  open?: (row: T) => void;
  isOn?: (row: T) => boolean;
  /** What stands below a row over its whole width. */
  below?: (row: T) => ReactNode;
}

/** The table; it scrolls by itself where it is too wide. */
export function Table<T>({ label, rows, columns, keyOf, fixed = false, open, isOn, below }: Props<T>) {
  return (
    <div className="hscroll" tabIndex={0} role="region" aria-label={label}>
      <table className={fixed ? "table fixed" : "table"}>
        <thead>
          <tr>
            {columns.map(({ head, kind, width }, at) => (
              <th key={at} className={[width, kind?.includes("num") ? "num" : ""].filter(Boolean).join(" ") || undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const more = below?.(row);
            return [
              <tr key={keyOf(row)} className={open ? "click" : undefined} aria-selected={isOn?.(row)} onClick={open && (() => open(row))}>
                {columns.map(({ cell, kind }, at) => (
                  <td key={at} className={kind}>
                    {cell(row)}
                  </td>
                ))}
              </tr>,
              more ? (
                <tr key={`${keyOf(row)} below`}>
                  <td colSpan={columns.length}>{more}</td>
                </tr>
              ) : null,
            ];
          })}
        </tbody>
      </table>
    </div>
  );
}
