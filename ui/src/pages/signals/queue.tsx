// The queue: rows that are only drawn where they are seen, moved through by keys, by the grid pattern of WAI-ARIA.

import { type ReactNode, useEffect, useRef } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { t } from "../../strings/en";
import type { Signal } from "../../api/triage";
import { grouped, short } from "../../lib/format";
import { clock, full, instant } from "../../lib/time";
import { harmless } from "../../lib/text";
import { Level, Status } from "../../parts/words";
import { Icon } from "../../parts/icon";

const ROW = 32;
const HEAD = 28;

/** A row: a signal, or a rule with its signals below. */
export type QueueRow =
  | { readonly kind: "signal"; readonly id: string; readonly signal: Signal; readonly isChild: boolean }
  | { readonly kind: "group"; readonly id: string; readonly title: string; readonly level: string | undefined; readonly count: number; readonly isOpen: boolean };

interface Props {
  rows: readonly QueueRow[];
  at: string | undefined;
  isPicked: (id: string) => boolean;
  choose: (id: string) => void;
  pick: (id: string, isRange: boolean) => void;
  toggleGroup: (id: string) => void;
  more: (() => void) | undefined;
  children?: ReactNode;
}

/** Whom a signal is about, in a few words. */
export function entityText({ address, host, user, group }: Pick<Signal, "address" | "host" | "user" | "group">): string {
  const who = [address, user].filter((part): part is string => Boolean(part));
  if (who.length > 0 && host) return `${who.join(" · ")} → ${host}`;
  return who.join(" · ") || host || group;
}

/** The table. */
export function Queue({ rows, at, isPicked, choose, pick, toggleGroup, more, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: HEAD,
    scrollPaddingStart: HEAD,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - 20) more?.();
  }, [last, rows.length, more]);
  const isTree = rows.some(({ kind }) => kind === "group");
  const place = rows.findIndex(({ id }) => id === at);
  useEffect(() => {
    if (place >= 0) virtual.scrollToIndex(place, { align: "auto" });
  }, [at]);
  return (
    <div
      ref={box}
      className="queue"
      role={isTree ? "treegrid" : "grid"}
      tabIndex={0}
      aria-label={t.signals.list}
      aria-rowcount={rows.length + 1}
      aria-multiselectable="true"
      aria-activedescendant={place >= 0 && at ? `row-${at}` : undefined}
    >
      {children}
      <div className="qrow head" role="row" aria-rowindex={1}>
        <span role="columnheader" aria-label={t.keys.pick} />
        <span role="columnheader">{t.signals.signal}</span>
        <span role="columnheader">{t.signals.level}</span>
        <span role="columnheader" className="wide-only">{t.signals.entity}</span>
        <span role="columnheader" className="num wide-only spare">{t.signals.events}</span>
        <span role="columnheader" className="num wide-only">{t.signals.risk}</span>
        <span role="columnheader">{t.signals.last}</span>
        <span role="columnheader" className="wide-only">{t.signals.status}</span>
      </div>
      <div className="space" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start, key }) => {
          const row = rows[index];
          if (!row) return null;
          const frame = { row, start: start - HEAD, index, isOn: row.id === at };
          return row.kind === "group" ? (
            <Group key={key} {...frame} row={row} toggle={toggleGroup} />
          ) : (
            <Row key={key} {...frame} row={row} isPicked={isPicked(row.id)} choose={choose} pick={pick} />
          );
        })}
      </div>
    </div>
  );
}

interface Frame {
  start: number;
  index: number;
  isOn: boolean;
}

function Row({ row, start, index, isOn, isPicked, choose, pick }: Frame & {
  row: Extract<QueueRow, { kind: "signal" }>;
  isPicked: boolean;
  choose: (id: string) => void;
  pick: (id: string, isRange: boolean) => void;
}) {
  const { signal, isChild } = row;
  const seen = instant(signal.last_seen);
  const kind = `${isOn ? " on" : ""}${signal.status === "closed" || signal.is_retracted ? " done" : ""}${isChild ? " child" : ""}`;
  return (
    <div
      id={`row-${row.id}`}
      className={`qrow${kind}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isPicked}
      aria-level={isChild ? 2 : undefined}
      style={{ transform: `translateY(${start}px)` }}
      onClick={(event) => (event.shiftKey ? pick(row.id, true) : choose(row.id))}
    >
      <span role="gridcell">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={isPicked}
          aria-label={t.signals.pickRow(harmless(signal.title))}
          onClick={(event) => event.stopPropagation()}
          onChange={(event) => pick(row.id, (event.nativeEvent as MouseEvent).shiftKey === true)}
        />
      </span>
      <span role="gridcell" className="title" title={harmless(signal.title)}>
        {harmless(signal.title)}
      </span>
      <span role="gridcell">
        <Level of={signal.level} />
      </span>
      <span role="gridcell" className="mono wide-only" title={harmless(entityText(signal))}>
        {harmless(entityText(signal))}
      </span>
      <span role="gridcell" className="num wide-only spare">
        {short(signal.total)}
      </span>
      <span role="gridcell" className="num wide-only">
        {signal.risk}
      </span>
      <span role="gridcell" className="mono dim" title={full(seen)}>
        {clock(seen)}
      </span>
      <span role="gridcell" className="status wide-only">
        <Status status={signal.status} verdict={signal.verdict} />
      </span>
    </div>
  );
}

function Group({ row, start, index, isOn, toggle }: Frame & {
  row: Extract<QueueRow, { kind: "group" }>;
  toggle: (id: string) => void;
}) {
  return (
    <div
      id={`row-${row.id}`}
      className={isOn ? "qrow group on" : "qrow group"}
      role="row"
      aria-rowindex={index + 2}
      aria-level={1}
      aria-expanded={row.isOpen}
      style={{ transform: `translateY(${start}px)` }}
      onClick={() => toggle(row.id)}
    >
      <span role="gridcell">
        <Icon name={row.isOpen ? "down" : "right"} />
      </span>
      <span role="gridcell">{harmless(row.title)}</span>
      <span role="gridcell">
        <Level of={row.level} />
      </span>
      <span role="gridcell" className="dim wide-only">
        {t.signals.groupTitle(grouped(row.count))}
      </span>
    </div>
  );
}
