// Counts over time, stacked. Dragging over it chooses a stretch of time; the time picker does the same by keyboard.

import { type PointerEvent, useMemo, useRef, useState } from "react";
import { t } from "../strings/en";
import { grouped, short } from "../lib/format";
import { useWidth } from "../lib/hooks";
import { stamp, tick, ticks } from "../lib/time";
import { harmless } from "../lib/text";

/** One stacked part: its name and the class that colours it. */
export interface Series {
  readonly name: string;
  readonly tint: string;
}

/** A stretch of time with a count for each series. */
export interface Bucket {
  readonly at: number;
  readonly counts: readonly number[];
}

interface Props {
  from: number;
  to: number;
  width: number;
  series: readonly Series[];
  buckets: readonly Bucket[];
  height?: number;
  /** What is chosen of it: the rest is dimmed. */
  chosen?: { from: number; to: number } | undefined;
  choose?: (from: number, to: number) => void;
}

const AXIS = 18;

/** A round number at or above the highest bar. */
export function ceiling(value: number): number {
  if (value <= 4) return Math.max(1, value);
  const size = 10 ** Math.floor(Math.log10(value));
  const found = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * size >= value) ?? 10;
  return found * size;
}

/** The chart. */
export function Histogram({ from, to, width, series, buckets, height = 104, chosen, choose }: Props) {
  const [box, wide] = useWidth();
  const svg = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const max = useMemo(
    () => ceiling(Math.max(1, ...buckets.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0)))),
    [buckets],
  );
  const left = 30;
  const plot = Math.max(40, wide - left - 2);
  const x = (at: number): number => left + ((at - from) / (to - from)) * plot;
  const timeAt = (event: PointerEvent): number => {
    const { left: edge } = svg.current?.getBoundingClientRect() ?? { left: 0 };
    const at = from + ((event.clientX - edge - left) / plot) * (to - from);
    return Math.min(to, Math.max(from, at));
  };
  const end = (): void => {
    if (!drag || !choose) return;
    setDrag(undefined);
    const low = Math.floor(Math.min(drag.from, drag.to) / width) * width;
    const high = Math.ceil(Math.max(drag.from, drag.to) / width) * width;
    choose(Math.max(from, low), Math.max(low + width, Math.min(high, Math.ceil(to / width) * width)));
  };
  const shown = drag ? { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) } : chosen;
  const total = buckets.reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0);
  const axis = ticks(from, to, Math.max(2, Math.floor(plot / 110)));
  return (
    <div ref={box}>
      {wide > 0 && (
        <svg
          ref={svg}
          className="chart"
          height={height + AXIS}
          viewBox={`0 0 ${wide} ${height + AXIS}`}
          role="img"
          aria-label={t.chart.summary(grouped(total), stamp(from), stamp(to))}
          onPointerDown={(event) => {
            if (!choose || event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            const at = timeAt(event);
            setDrag({ from: at, to: at });
          }}
          onPointerMove={(event) => drag && setDrag({ from: drag.from, to: timeAt(event) })}
          onPointerUp={end}
          onPointerCancel={() => setDrag(undefined)}
        >
          {[0.5, 1].map((part) => (
            <g key={part}>
              <line className="grid" x1={left} x2={wide} y1={height - part * (height - 8)} y2={height - part * (height - 8)} />
              {(max * part) % 1 === 0 && (
                <text x={left - 5} y={height - part * (height - 8) + 3.5} textAnchor="end">
                  {short(max * part, 1000)}
                </text>
              )}
            </g>
          ))}
          {buckets.map((bucket) => (
            <Bar key={bucket.at} bucket={bucket} {...{ series, x, width, max, height, shown }} />
          ))}
          <line className="grid" x1={left} x2={wide} y1={height} y2={height} />
          {axis.at.map((at) => (
            <text key={at} x={x(at)} y={height + 14} textAnchor={x(at) > wide - 24 ? "end" : x(at) < left + 14 ? "start" : "middle"}>
              {tick(at, axis.width)}
            </text>
          ))}
          {shown && (
            <>
              <rect className="brush" x={x(shown.from)} width={Math.max(1, x(shown.to) - x(shown.from))} y={0} height={height} />
              <path className="edge" d={`M${x(shown.from)} 0v${height}M${x(shown.to)} 0v${height}`} />
            </>
          )}
        </svg>
      )}
    </div>
  );
}

interface BarProps {
  bucket: Bucket;
  series: readonly Series[];
  x: (at: number) => number;
  width: number;
  max: number;
  height: number;
  shown: { from: number; to: number } | undefined;
}

function Bar({ bucket, series, x, width, max, height, shown }: BarProps) {
  const start = x(bucket.at);
  const wide = Math.max(1, x(bucket.at + width) - start - (x(bucket.at + width) - start > 4 ? 1.5 : 0.4));
  const isOff = shown && (bucket.at + width <= shown.from || bucket.at >= shown.to);
  let y = height;
  const rows = bucket.counts.map((count, at) => {
    const tall = (count / max) * (height - 8);
    y -= tall;
    return tall > 0 && <rect key={at} className={`part ${series[at]?.tint ?? "others"}`} x={start} y={y} width={wide} height={tall} />;
  });
  const told = bucket.counts.flatMap((count, at) => (count > 0 ? [`${harmless(series[at]?.name ?? "")}: ${grouped(count)}`] : []));
  return (
    <g className={isOff ? "off" : undefined}>
      {rows}
      <rect className="slot" x={start} y={0} width={Math.max(1, x(bucket.at + width) - start)} height={height}>
        <title>{[`${stamp(bucket.at)} – ${stamp(bucket.at + width).slice(11)}`, ...told.reverse()].join("\n")}</title>
      </rect>
    </g>
  );
}

/** What the colours mean. */
export function Legend({ series }: { series: readonly Series[] }) {
  return (
    <div className="legend">
      {series.map(({ name, tint }) => (
        <span key={name} className={tint}>
          <i className="swatch" />
          <span className="clip">{harmless(name)}</span>
        </span>
      ))}
    </div>
  );
}

/** A line of small counts. */
export function Spark({ counts, label }: { counts: readonly number[]; label: string }) {
  const max = Math.max(1, ...counts);
  const step = 100 / Math.max(1, counts.length - 1);
  const line = counts.map((count, at) => `${at === 0 ? "M" : "L"}${(at * step).toFixed(1)} ${(17 - (count / max) * 15).toFixed(1)}`).join("");
  return (
    <svg className="spark" viewBox="0 0 100 18" preserveAspectRatio="none" role="img" aria-label={label}>
      <path className="under" d={`${line}L100 18L0 18Z`} />
      <path d={line} />
    </svg>
  );
}
