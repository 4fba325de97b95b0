// A graph that can be moved, made larger, and walked through by keyboard.

import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { useWidth } from "../lib/hooks";
import { type Laid, layout, NODE, stream } from "../lib/layout";
import { harmless } from "../lib/text";
import { useKeys } from "../lib/keys";
import { t } from "../strings/en";

/** A node. */
export interface GraphNode {
  readonly id: string;
  readonly title: string;
  readonly sub: string;
  readonly tint: string;
  readonly isDisabled: boolean;
}

/** A link from what feeds to what is fed. */
export interface GraphLink {
  readonly from: string;
  readonly to: string;
}

interface Props {
  nodes: readonly GraphNode[];
  links: readonly GraphLink[];
  chosen: string | undefined;
  choose: (id: string | undefined) => void;
  label: string;
}

interface Eye {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

function cut(text: string, letters: number): string {
  const clean = harmless(text);
  return clean.length > letters ? `${clean.slice(0, letters - 1)}…` : clean;
}

function whole(laid: Laid, wide: number, tall: number): Eye {
  const scale = Math.min(1.15, Math.max(0.25, Math.min(wide / laid.width, tall / laid.height)));
  return { scale, x: Math.max(0, (wide - laid.width * scale) / 2), y: Math.max(0, (tall - laid.height * scale) / 2) };
}

/** The graph. */
export function GraphView({ nodes, links, chosen, choose, label }: Props) {
  const [box, wide] = useWidth();
  const svg = useRef<SVGSVGElement>(null);
  const laid = useMemo(() => layout({ nodes, links }), [nodes, links]);
  const near = useMemo(() => (chosen === undefined ? undefined : stream({ nodes, links }, chosen)), [nodes, links, chosen]);
  const [eye, setEye] = useState<Eye>({ x: 0, y: 0, scale: 1 });
  const hold = useRef<{ x: number; y: number }>(undefined);
  const fitAll = (): void => setEye(whole(laid, wide, svg.current?.clientHeight ?? 400));
  useEffect(() => {
    if (wide > 0) fitAll();
  }, [laid, wide]);
  const zoom = (by: number, at?: { x: number; y: number }): void =>
    setEye((old) => {
      const scale = Math.min(2.5, Math.max(0.15, old.scale * by));
      const { x, y } = at ?? { x: wide / 2, y: (svg.current?.clientHeight ?? 0) / 2 };
      return { scale, x: x - ((x - old.x) * scale) / old.scale, y: y - ((y - old.y) * scale) / old.scale };
    });
  useKeys([
    { keys: "+", label: t.graph.larger, run: () => zoom(1.25) },
    { keys: "-", label: t.graph.smaller, run: () => zoom(0.8) },
    { keys: "0", label: t.graph.whole, run: fitAll, hint: true },
  ]);
  // React listens to wheels passively, which could not keep the page from scrolling.
  useEffect(() => {
    const element = svg.current;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.1 : 0.91, { x: event.offsetX, y: event.offsetY });
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  });
  const move = (event: PointerEvent): void => {
    const from = hold.current;
    if (!from) return;
    const { clientX: x, clientY: y } = event;
    setEye((old) => ({ ...old, x: old.x + x - from.x, y: old.y + y - from.y }));
    hold.current = { x, y };
  };
  return (
    <div className="graph-box" ref={box}>
      <svg
        ref={svg}
        className="graph"
        role="group"
        aria-label={label}
        onPointerDown={(event) => {
          hold.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={move}
        onPointerUp={() => (hold.current = undefined)}
        onPointerLeave={() => (hold.current = undefined)}
      >
        <defs>
          <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path className="tip" d="M0 0.500 8 4 0 7.500z" />
          </marker>
        </defs>
        <g transform={`translate(${eye.x} ${eye.y}) scale(${eye.scale})`}>
          {laid.paths.map(({ from, to, d }) => {
            const kind = near ? (near.has(from) && near.has(to) ? " on" : " away") : "";
            return <path key={`${from} ${to}`} className={`link${kind}`} d={d} markerEnd="url(#tip)" />;
          })}
          {nodes.map((node) => {
            const place = laid.at.get(node.id) ?? { x: 0, y: 0 };
            const kind = `${node.id === chosen ? " on" : near && !near.has(node.id) ? " away" : ""}${node.isDisabled ? " disabled" : ""}`;
            const pick = (): void => choose(node.id === chosen ? undefined : node.id);
            return (
              <g
                key={node.id}
                className={`node ${node.tint}${kind}`}
                transform={`translate(${place.x - NODE.width / 2} ${place.y - NODE.height / 2})`}
                tabIndex={0}
                role="button"
                aria-pressed={node.id === chosen}
                onClick={pick}
                onKeyDown={(event) => {
                  if (event.key !== "Enter" && event.key !== " ") return;
                  event.preventDefault();
                  pick();
                }}
              >
                <title>{harmless(node.title)}</title>
                <rect className="box" width={NODE.width} height={NODE.height} rx="6" />
                <rect className="side" width="4" height={NODE.height - 12} x="6" y="6" rx="2" />
                <text x="18" y="20">
                  {cut(node.title, 36)}
                </text>
                <text className="sub" x="18" y="36">
                  {cut(node.sub, 40)}
                </text>
              </g>
            );
          })}
        </g>
      </svg>
    </div>
  );
}
