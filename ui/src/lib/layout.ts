// Where the nodes of a graph stand. Loaded only with the page that draws one: the layout is a third of its weight.

import { Graph as DagreGraph, layout as run } from "@dagrejs/dagre";

/** A graph: nodes by id, links from what feeds to what is fed. */
export interface Graph {
  readonly nodes: readonly { readonly id: string }[];
  readonly links: readonly { readonly from: string; readonly to: string }[];
}

/** A graph with places. */
export interface Laid {
  readonly width: number;
  readonly height: number;
  readonly at: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
  readonly paths: readonly { readonly from: string; readonly to: string; readonly d: string }[];
}

/** The size of a node. */
export const NODE = { width: 252, height: 46 } as const;

/** Lays a graph out from left to right. Links whose ends are missing are left out. */
export function layout(graph: Graph): Laid {
  const dagre = new DagreGraph({ multigraph: false, compound: false });
  dagre.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 74, marginx: 20, marginy: 20 });
  dagre.setDefaultEdgeLabel(() => ({}));
  const known = new Set(graph.nodes.map(({ id }) => id));
  for (const id of known) dagre.setNode(id, { ...NODE });
  const links = graph.links.filter(({ from, to }) => known.has(from) && known.has(to) && from !== to);
  for (const { from, to } of links) dagre.setEdge(from, to);
  run(dagre);
  const at = new Map<string, { x: number; y: number }>();
  for (const id of known) {
    const { x, y } = dagre.node(id) as { x: number; y: number };
    at.set(id, { x, y });
  }
  const paths = links.map(({ from, to }) => {
    const { points } = dagre.edge(from, to) as { points: { x: number; y: number }[] };
    const [start, end] = [at.get(from), at.get(to)];
    if (!start || !end) return { from, to, d: curve(points) };
    // From the middle of the right side to the middle of the left one; in between as the layout says.
    const ends = [{ x: start.x + NODE.width / 2, y: start.y }, { x: end.x - NODE.width / 2, y: end.y }] as const;
    const between = points.slice(1, -1).filter(({ x }) => x > ends[0].x + 10 && x < ends[1].x - 10);
    return { from, to, d: curve([ends[0], ...(points.length > 3 ? between : []), ends[1]]) };
  });
  const { width = 0, height = 0 } = dagre.graph() as { width?: number; height?: number };
  return { width, height, at, paths };
}

/** A smooth path through points, flat at both ends as links that run from left to right are. */
export function curve(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let d = `M${first.x.toFixed(1)} ${first.y.toFixed(1)}`;
  let before = first;
  for (const next of rest) {
    const middle = (before.x + next.x) / 2;
    d += `C${middle.toFixed(1)} ${before.y.toFixed(1)} ${middle.toFixed(1)} ${next.y.toFixed(1)} ${next.x.toFixed(1)} ${next.y.toFixed(1)}`;
    before = next;
  }
  return d;
}

/** All nodes up and down the stream of one, with itself. */
export function stream(graph: Graph, id: string): Set<string> {
  const out = new Set([id]);
  for (const [start, end] of [["from", "to"], ["to", "from"]] as const) {
    const queue = [id];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const link of graph.links) {
        if (link[start] !== next || out.has(link[end])) continue;
        out.add(link[end]);
        queue.push(link[end]);
      }
    }
  }
  return out;
}

/** The graph cut into parts that hang together, the largest first; nodes alone are left out. */
export function parts<G extends Graph>(graph: G): { nodes: G["nodes"][number][]; links: G["links"][number][] }[] {
  const seen = new Set<string>();
  const out: { nodes: G["nodes"][number][]; links: G["links"][number][] }[] = [];
  const near = new Map<string, string[]>();
  for (const { from, to } of graph.links) {
    near.set(from, [...(near.get(from) ?? []), to]);
    near.set(to, [...(near.get(to) ?? []), from]);
  }
  for (const { id } of graph.nodes) {
    if (seen.has(id) || !near.has(id)) continue;
    const mine = new Set([id]);
    const queue = [id];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const other of near.get(next) ?? []) {
        if (mine.has(other)) continue;
        mine.add(other);
        queue.push(other);
      }
    }
    for (const one of mine) seen.add(one);
    out.push({
      nodes: graph.nodes.filter((node) => mine.has(node.id)),
      links: graph.links.filter((link) => mine.has(link.from) && mine.has(link.to)),
    });
  }
  return out.sort((a, b) => b.nodes.length - a.nodes.length);
}
