// The icons, drawn for this page: 24 units, one stroke.

const PATHS = {
  overview: "M3 3h7v7H3zM14 3h7v7h-7zM3 14h7v7H3zM14 14h7v7h-7z",
  signals: "M12 3v4M5.6 5.6l2.8 2.8M3 12h4M12 21v-4M21 12h-4M18.4 5.6l-2.8 2.8M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  hunt: "M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0zM20 20l-4-4",
  rules: "M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5",
  chains: "M7 6a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM7 18a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM21 12a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM7 6c6 0 4 6 10 6M7 18c6 0 4-6 10-6",
  attack: "M4 4h4v16H4zM10 4h4v10h-4zM16 4h4v6h-4z",
  sources: "M4 7h16M4 12h16M4 17h10M20 17a2 2 0 1 1-4 0 2 2 0 0 1 4 0z",
  response: "M12 3 4 6v6c0 5 4 8 8 9 4-1 8-4 8-9V6zM9 12l2 2 4-4",
  settings: "M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM12 2v4M12 18v4M2 12h4M18 12h4M5 5l2.8 2.8M16.2 16.2 19 19M19 5l-2.8 2.8M7.8 16.2 5 19",
  menu: "M4 6h16M4 12h16M4 18h16",
  close: "M6 6l12 12M18 6 6 18",
  empty: "M4 13a8 8 0 0 0 16 0M12 3c1.7 2.4 2.5 3.7 2.5 4.9a2.5 2.5 0 1 1-5 0C9.500 6.700 10.300 5.400 12 3z",
  problem: "M12 4 2.800 20h18.400zM12 10v5M12 17.500v.5",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  out: "M9 4H4v16h5M14 8l4 4-4 4M18 12H8",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** An icon; it says nothing to screen readers, so text stands beside it or in a label. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" strokeLinecap="round" strokeLinejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: a bowl under a drop, as Sigyn held it. */
export function Mark() {
  return (
    <svg viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <path d="M3 11a9 9 0 0 0 18 0" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" />
      <path d="M12 2.5c1.900 2.700 2.800 4.200 2.800 5.500a2.800 2.800 0 1 1-5.600 0c0-1.300.9-2.800 2.800-5.500z" fill="currentColor" />
    </svg>
  );
}
