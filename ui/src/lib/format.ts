// Numbers for people.

/** Thousands apart. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A count in few characters: 41,280 · 3.56 M · 1.2 G. Below `exact` all digits stand. */
export function short(value: number, exact = 100_000): string {
  const size = Math.abs(value);
  if (size < exact) return grouped(value);
  for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    // 999,999 is a million in three digits.
    if (size >= unit * 0.9995) return `${(value / unit).toPrecision(3).replace(/\.0+$|(\.\d*[1-9])0+$/, "$1")} ${name}`;
  }
  return grouped(value);
}

/** Bytes in powers of 1024. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let rest = value;
  let at = 0;
  while (rest >= 1024 && at < units.length - 1) {
    rest /= 1024;
    at += 1;
  }
  return `${rest >= 100 || at === 0 ? Math.round(rest) : rest.toFixed(1)} ${units[at]}`;
}

/** A rate per second. */
export function rate(value: number): string {
  return value > 0 && value < 10 ? value.toFixed(value < 1 ? 2 : 1) : short(value);
}

/** A share as a percentage. */
export function percent(share: number | null | undefined): string {
  return share == null ? "—" : `${Math.round(share * 100)} %`;
}

/** A share as a percentage where small ones matter: 43 % · 4.3 % · 0.04 % · <0.01 %. */
export function fine(share: number): string {
  const value = share * 100;
  if (value === 0 || value >= 9.95) return `${Math.round(value)} %`;
  return value < 0.01 ? "<0.01 %" : `${value.toFixed(value < 0.095 ? 2 : 1)} %`;
}

/** A difference with its sign. */
export function signed(value: number): string {
  return value > 0 ? `+${grouped(value)}` : value < 0 ? `−${grouped(-value)}` : "0";
}
