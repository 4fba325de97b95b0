// Response: which addresses are blocked and why, and which messages go out.

import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { get, type Schemas } from "../api/client";
import { useNameOf } from "../api/names";
import { grouped } from "../lib/format";
import { useNow } from "../lib/hooks";
import { rulePath, signalPath, useParams } from "../lib/router";
import { harmless } from "../lib/text";
import { duration, full, instant, stamp } from "../lib/time";
import { Empty, Ready } from "../parts/states";
import { Top } from "../shell";
import { t } from "../strings/en";

/** The page. */
export default function Response() {
  const [params, setParams] = useParams();
  const isAll = params.get("show") === "all";
  const asked = useQuery({
    queryKey: ["blocks", isAll ? "all" : "active"],
    queryFn: ({ signal }) => get("/api/v1/blocks", { query: { state: isAll ? undefined : "active" }, signal }),
    refetchInterval: 15_000,
  });
  return (
    <>
      <Top page="response">
        <span className="push" />
        <div className="seg">
          <button aria-pressed={!isAll} onClick={() => setParams({ show: undefined })}>
            {t.response.active}
          </button>
          <button aria-pressed={isAll} onClick={() => setParams({ show: "all" })}>
            {t.response.all}
          </button>
        </div>
      </Top>
      <main className="scroll wide">
        <section className="card">
          <header>
            <h2>{t.response.blocks}</h2>
          </header>
          <Ready of={asked} rows={4}>
            {(blocks) =>
              blocks.length === 0 ? (
                <Empty title={t.response.none} icon="response">
                  <p>{t.response.noneText}</p>
                </Empty>
              ) : (
                <Blocks blocks={blocks} />
              )
            }
          </Ready>
        </section>
        <Alerts />
      </main>
    </>
  );
}

function Blocks({ blocks }: { blocks: readonly Schemas["BlockRow"][] }) {
  const now = useNow(1000);
  const nameOf = useNameOf();
  return (
    <div className="hscroll" tabIndex={0} role="region" aria-label={t.response.blocks}>
      <table className="table">
        <thead>
          <tr>
            {[t.response.address, t.response.mode, t.response.state, t.response.until, t.response.reason, t.response.rule, t.response.made, t.response.proof].map((name) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {blocks.map((block) => {
            const until = instant(block.until) ?? 0;
            return (
              <tr key={block.id}>
                <td className="mono">{harmless(block.address)}</td>
                <td>{block.is_dry_run ? <span className="pill">{t.response.dry}</span> : <span className="pill acc">{t.response.real}</span>}</td>
                <td>
                  <span className={block.state === "failed" ? "pill warn" : "pill"}>{harmless(block.state)}</span>
                </td>
                <td className="mono" title={full(until)}>
                  {until > now ? t.response.left(duration(until - now)) : <span className="dim">{t.response.expired}</span>}
                </td>
                <td className="wrap">
                  {block.signal ? (
                    <Link className="link" href={signalPath(block.signal)}>
                      {harmless(block.reason)}
                    </Link>
                  ) : (
                    harmless(block.reason)
                  )}
                </td>
                <td>
                  {block.rule && (
                    <Link className="link" href={rulePath(block.rule)}>
                      {harmless(nameOf(block.rule))}
                    </Link>
                  )}
                </td>
                <td className="dim">
                  <span className="mono">{stamp(instant(block.made))}</span> {harmless(block.made_by)}
                </td>
                <td className="dim wrap">{harmless(block.proof ?? "—")}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Alerts() {
  const asked = useQuery({ queryKey: ["alerts"], queryFn: ({ signal }) => get("/api/v1/alerts", { signal }), refetchInterval: 15_000 });
  return (
    <section className="card">
      <header>
        <h2>{t.response.alerts}</h2>
      </header>
      <Ready of={asked} rows={3}>
        {(channels) =>
          channels.length === 0 ? (
            <p className="pad dim">{t.response.noAlerts}</p>
          ) : (
            <table className="table fixed">
              <thead>
                <tr>
                  <th>{t.response.channel}</th>
                  <th className="num-col num">{t.response.waiting}</th>
                  <th className="num-col num">{t.response.givenUp}</th>
                  <th>{t.response.error}</th>
                </tr>
              </thead>
              <tbody>
                {channels.map((channel) => (
                  <tr key={channel.channel}>
                    <td className="one mono">{harmless(channel.channel)}</td>
                    <td className="num">{grouped(channel.waiting)}</td>
                    <td className={channel.given_up > 0 ? "num bad" : "num"}>{grouped(channel.given_up)}</td>
                    <td className="dim wrap">{harmless(channel.error ?? "—")}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Ready>
    </section>
  );
}
