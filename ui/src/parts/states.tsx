// What stands where data will be, is not, or could not be had.

import type { ReactNode } from "react";
import { t } from "../strings/en";
import { harmless } from "../lib/text";
import { Icon, type IconName } from "./icon";

/** Nothing is there: says why, and what to do. */
export function Empty({ title, icon = "empty", children }: { title: string; icon?: IconName; children?: ReactNode }) {
  return (
    <div className="state">
      <Icon name={icon} />
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** Rows to come. */
export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <div className="skeleton-rows" role="status" aria-label={t.loading}>
      {Array.from({ length: rows }, (_, at) => (
        <div key={at} className="skeleton" style={{ width: `${92 - ((at * 37) % 45)}%` }} />
      ))}
    </div>
  );
}

/** A request failed: what the server said, and another try. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const text = error instanceof Error ? error.message : String(error);
  return (
    <div className="problem" role="alert">
      <span className="bad">
        <Icon name="problem" />
      </span>
      <span className="wrap">{harmless(text)}</span>
      {retry && (
        <button className="btn small push" onClick={retry}>
          {t.retry}
        </button>
      )}
    </div>
  );
}

interface Asked<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/** The data of a query, or what stands in its place. */
export function Ready<T>({ of, rows, children }: { of: Asked<T>; rows?: number; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) {
    return (
      <div className="wide">
        <Problem error={of.error} retry={() => void of.refetch()} />
      </div>
    );
  }
  return <Loading rows={rows ?? 6} />;
}
