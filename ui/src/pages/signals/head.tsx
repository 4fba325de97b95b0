// Above the queue: when the signals came, and what is picked.

import type { Schemas } from "../../api/client";
import { type Field, FIELDS, type Look } from "../../lib/filter";
import { grouped } from "../../lib/format";
import { instant, stamp } from "../../lib/time";
import { Histogram, Legend, type Series } from "../../parts/histogram";
import { Menu } from "../../parts/menu";
import { isLevel, levels } from "../../parts/words";
import { t } from "../../strings/en";
import { useValueName } from "./facets";
import type { QueueTriage } from "./index";

const LEVELS_UP = [...levels].reverse();

interface Counts {
  data: Schemas["Summary"] | undefined;
  width: number;
  from: number;
  to: number;
}

/** The histogram's parts: levels by how serious, other values by how many. */
export function useSeries(histogram: Schemas["Histogram"] | null | undefined): { series: Series[]; buckets: { at: number; counts: number[] }[] } {
  const name = useValueName();
  if (!histogram) return { series: [], buckets: [] };
  const isLevels = histogram.stack === "level";
  const order = isLevels
    ? LEVELS_UP.map((level) => histogram.values.indexOf(level)).filter((at) => at >= 0)
    : histogram.values.map((_, at) => at);
  const others = histogram.values.length;
  const hasOthers = histogram.buckets.some(({ counts }) => (counts[others] ?? 0) > 0);
  const series = order.map((at, place): Series => {
    const value = histogram.values[at] ?? "";
    return { name: name(histogram.stack, value), tint: isLevels && isLevel(value) ? value : `series-${place % 8}` };
  });
  const buckets = histogram.buckets.map(({ start, counts }) => ({
    at: instant(start) ?? 0,
    counts: [...order, ...(hasOthers ? [others] : [])].map((at) => counts[at] ?? 0),
  }));
  return { series: hasOthers ? [...series, { name: t.chart.others, tint: "others" }] : series, buckets };
}

/** The card with the histogram. */
export function Head({ look, set, counts, total }: {
  look: Look;
  set: (next: Partial<Look>, push?: boolean) => void;
  counts: Counts;
  total: number;
}) {
  const { series, buckets } = useSeries(counts.data?.histogram);
  return (
    <div className="head">
      <section className="card">
        <header>
          <h2>{t.signals.count(grouped(total))}</h2>
          <Stack stack={look.stack} set={(stack) => set({ stack })} />
          {"from" in look.stretch && (
            <button className="chip on" onClick={() => set({ stretch: { last: "24h" } }, true)} title={t.time.back}>
              <b>{t.signals.brush(stamp(look.stretch.from).slice(5, 16), stamp(look.stretch.to).slice(5, 16))}</b>
              <span aria-hidden="true">×</span>
            </button>
          )}
          <span className="push">
            <Legend series={[...series].reverse()} />
          </span>
        </header>
        <div className="pad chart-pad">
          <Histogram
            from={counts.from}
            to={counts.to}
            width={counts.width}
            series={series}
            buckets={buckets}
            height={96}
            choose={(from, to) => set({ stretch: { from, to }, open: undefined }, true)}
          />
        </div>
      </section>
    </div>
  );
}

/** What the histogram is stacked by. */
export function Stack({ stack, set, fields = FIELDS }: { stack: Field; set: (next: Field) => void; fields?: readonly Field[] }) {
  return (
    <Menu
      items={fields.map((field) => ({ label: t.field[field], run: () => set(field) }))}
      button={(open, isOpen) => (
        <button className="chip" aria-haspopup="menu" aria-expanded={isOpen} onClick={(event) => open(event.currentTarget)}>
          {t.chart.stack} <b>{t.field[stack].toLowerCase()}</b> <span aria-hidden="true">▾</span>
        </button>
      )}
    />
  );
}

const SORTS = ["risk", "level", "newest", "oldest"] as const;

/** The bar between histogram and queue: grouping and order, or what is picked and what can be done with it. */
export function QueueBar({ look, set, total, triage }: {
  look: Look;
  set: (next: Partial<Look>) => void;
  total: number;
  triage: QueueTriage;
}) {
  const { picked } = triage;
  if (picked.ids.size === 0) {
    return (
      <div className="queue-bar">
        <button className={look.isGrouped ? "chip on" : "chip"} aria-pressed={look.isGrouped} onClick={() => set({ isGrouped: !look.isGrouped })}>
          {t.signals.groupBy}
        </button>
        <span className="push" />
        <Menu
          items={SORTS.map((sort) => ({ label: t.signals.sorts[sort], run: () => set({ sort }) }))}
          button={(open, isOpen) => (
            <button className="btn ghost small" aria-haspopup="menu" aria-expanded={isOpen} onClick={(event) => open(event.currentTarget)}>
              {t.signals.sort} {t.signals.sorts[look.sort]} <span aria-hidden="true">▾</span>
            </button>
          )}
        />
      </div>
    );
  }
  const count = picked.all ? total : picked.ids.size;
  return (
    <div className="queue-bar picked" role="toolbar" aria-label={t.signals.picked(grouped(count))}>
      <b>{t.signals.picked(grouped(count))}</b>
      {!picked.all && count < total && (
        <button className="btn small" onClick={triage.pickAll}>
          {t.signals.pickAll(grouped(total))}
        </button>
      )}
      <button className="btn ghost small" onClick={triage.unpick}>
        {t.signals.unpick}
      </button>
      <span className="push" />
      <button className="btn small primary" onClick={() => triage.start("close")}>
        {t.signals.close} <kbd>e</kbd>
      </button>
      <button className="btn small" onClick={() => triage.start("acknowledge")}>
        {t.signals.acknowledge}
      </button>
      <button className="btn small" onClick={() => triage.start("assign")}>
        {t.signals.assign}
      </button>
      <button className="btn small" onClick={() => triage.start("open")}>
        {t.signals.reopen}
      </button>
    </div>
  );
}
