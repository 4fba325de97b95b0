// What is picked in the queue, and where the cursor stands. Rows may come above the cursor while it stands: it holds on to
// a row's id, never to a number.

/** The picked rows; `all` says that everything that fits the filter is meant, which the server then freezes. */
export interface Picked {
  readonly ids: ReadonlySet<string>;
  readonly anchor: string | undefined;
  readonly all: boolean;
}

/** Nothing. */
export const NOTHING: Picked = { ids: new Set(), anchor: undefined, all: false };

/** Picks a row or lets it go. */
export function toggle(picked: Picked, id: string): Picked {
  const ids = new Set(picked.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: id, all: false };
}

/** Picks every row between the last one that was picked and this one. */
export function extend(picked: Picked, order: readonly string[], id: string): Picked {
  const from = picked.anchor === undefined ? -1 : order.indexOf(picked.anchor);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) return toggle(picked, id);
  const between = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...picked.ids, ...between]), anchor: id, all: false };
}

/** The row so many steps from where the cursor stands; the first if it stands nowhere. */
export function step(order: readonly string[], at: string | undefined, by: number): string | undefined {
  const now = at === undefined ? -1 : order.indexOf(at);
  if (now < 0) return order[0];
  return order[Math.min(order.length - 1, Math.max(0, now + by))];
}

/** Where the cursor goes when rows leave: to the next row that stays, else to the one before. */
export function after(order: readonly string[], at: string | undefined, gone: ReadonlySet<string>): string | undefined {
  const now = at === undefined ? 0 : Math.max(0, order.indexOf(at));
  return (
    order.slice(now).find((id) => !gone.has(id)) ?? order.slice(0, now).reverse().find((id) => !gone.has(id))
  );
}
