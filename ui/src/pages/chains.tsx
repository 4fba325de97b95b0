// Chains: which rules feed which, and what flows between them.

import { useMemo } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { get, type Schemas } from "../api/client";
import { useNews } from "../api/stream";
import { grouped, short } from "../lib/format";
import { parts } from "../lib/layout";
import { rulePath, useParams } from "../lib/router";
import { harmless } from "../lib/text";
import { type GraphNode, GraphView } from "../parts/graph";
import { Empty, Ready } from "../parts/states";
import { Level } from "../parts/words";
import { Top } from "../shell";
import { t } from "../strings/en";

type Chains = Schemas["ChainGraph"];
type ChainNode = Schemas["ChainNode"];

function sub(node: ChainNode): string {
  const kind = node.kind.replaceAll("_", " ");
  const within = node.timespan ? ` · ${node.timespan}` : "";
  const by = node.group_by.length > 0 ? ` · ${node.group_by.join(", ")}` : "";
  return `${kind}${within}${by} · ${short(node.matches)}`;
}

/** The page. */
export default function ChainsPage() {
  const queries = useQueryClient();
  const asked = useQuery({ queryKey: ["chains"], queryFn: ({ signal }) => get("/api/v1/chains", { signal }), refetchInterval: 30_000 });
  useNews(({ rules }) => {
    if (rules) void queries.invalidateQueries({ queryKey: ["chains"] });
  });
  return <Ready of={asked}>{(data) => <Body data={data} />}</Ready>;
}

function Body({ data }: { data: Chains }) {
  const [params, setParams] = useParams();
  const chosen = params.get("rule") ?? undefined;
  const graph = useMemo(
    () => ({
      nodes: data.nodes.map(
        (node): GraphNode => ({
          id: node.uid,
          title: node.title,
          sub: sub(node),
          tint: node.level ?? "informational",
          isDisabled: !node.enabled || Boolean(node.error),
        }),
      ),
      links: data.edges.map(({ from, to }) => ({ from, to })),
    }),
    [data],
  );
  const chains = useMemo(() => parts(graph), [graph]);
  const which = Number(params.get("chain") ?? "0");
  const shown = params.get("chain") === null ? graph : (chains[which] ?? graph);
  const node = data.nodes.find(({ uid }) => uid === chosen);
  if (data.nodes.length === 0) {
    return (
      <>
        <Top page="chains" />
        <Empty title={t.chains.none} icon="chains">
          <p>{t.chains.noneText}</p>
        </Empty>
      </>
    );
  }
  return (
    <>
      <Top page="chains">
        <select
          className="input fit-input"
          aria-label={t.page.chains}
          value={params.get("chain") ?? ""}
          onChange={(event) => setParams({ chain: event.target.value || undefined, rule: undefined })}
        >
          <option value="">{t.chains.all}</option>
          {chains.map((chain, at) => (
            <option key={at} value={at}>
              {t.chains.one(harmless(chain.nodes.at(-1)?.title ?? ""), grouped(chain.nodes.length))}
            </option>
          ))}
        </select>
        {!node && <span className="dim clip">{t.chains.hint}</span>}
        <span className="dim push">{t.chains.count(grouped(data.nodes.length), grouped(chains.length))}</span>
      </Top>
      <main className={node ? "chains with" : "chains"}>
        <GraphView nodes={shown.nodes} links={shown.links} chosen={chosen} choose={(id) => setParams({ rule: id })} label={t.chains.label} />
        {node && <Chosen node={node} data={data} />}
      </main>
    </>
  );
}

function Chosen({ node, data }: { node: ChainNode; data: Chains }) {
  const [, setParams] = useParams();
  const name = (uid: string): string => data.nodes.find((one) => one.uid === uid)?.title ?? uid;
  const fedBy = data.edges.filter(({ to }) => to === node.uid);
  const feeds = data.edges.filter(({ from }) => from === node.uid);
  const links = (title: string, rows: readonly { uid: string; count: number }[]) =>
    rows.length > 0 && (
      <section>
        <h3>{title}</h3>
        {rows.map(({ uid, count }) => (
          <div key={uid} className="row">
            <button className="value" onClick={() => setParams({ rule: uid })}>
              {harmless(name(uid))}
            </button>
            <span className="faint push">{short(count)}</span>
          </div>
        ))}
      </section>
    );
  return (
    <aside className="side" aria-label={t.chains.chosen}>
      <div className="hd">
        <div className="row">
          <Level of={node.level} />
          <span className="pill">{node.kind.replaceAll("_", " ")}</span>
          {!node.enabled && <span className="pill warn">{t.chains.disabled}</span>}
        </div>
        <h2>{harmless(node.title)}</h2>
        <p className="dim">
          {t.chains.levels(String(node.stratum))}
          {node.timespan && ` · ${t.chains.window} ${node.timespan}`}
          {node.group_by.length > 0 && ` · ${node.group_by.map(harmless).join(", ")}`}
        </p>
        {node.error && <p className="bad wrap">{harmless(node.error)}</p>}
        <div className="acts">
          <Link className="btn" href={rulePath(node.uid)}>
            {t.chains.open}
          </Link>
          <Link className="btn" href={`/signals?all=1&last=7d&rule=${encodeURIComponent(node.uid)}`}>
            {t.signals.count(short(node.signals))}
          </Link>
          <Link className="btn" href={`/hunts?new=1&chain=${encodeURIComponent(node.uid)}`}>
            {t.hunt.chain}
          </Link>
        </div>
      </div>
      {links(t.rules.fedBy, fedBy.map(({ from, count }) => ({ uid: from, count })))}
      {links(t.rules.feeds, feeds.map(({ to, count }) => ({ uid: to, count })))}
    </aside>
  );
}
