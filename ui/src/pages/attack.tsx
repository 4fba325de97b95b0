// ATT&CK: which techniques the rules tell of, whether they have data, and what of it has happened.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { get, type Schemas } from "../api/client";
import { ends, readStretch, type Stretch, stretchParams } from "../lib/filter";
import { grouped, percent, short } from "../lib/format";
import { useNow } from "../lib/hooks";
import { useParams } from "../lib/router";
import { harmless } from "../lib/text";
import { Ready } from "../parts/states";
import { TimePicker } from "../parts/time_picker";
import { Top } from "../shell";
import { t } from "../strings/en";
import { tactic } from "./signals/facets";

type Matrix = Schemas["AttackMatrix"];
type Technique = Schemas["AttackTechnique"];

const SHOWS = ["all", "rules", "fired"] as const;

type Show = (typeof SHOWS)[number];

const IS: Record<Show, (technique: Technique) => boolean> = {
  all: () => true,
  rules: ({ rules }) => rules.length > 0,
  fired: ({ signals }) => signals > 0,
};

/** The matrix with the signals of a stretch of time. */
export function useMatrix(from: number, to: number) {
  const query = { since: new Date(from).toISOString(), until: new Date(to).toISOString() };
  return useQuery({
    queryKey: ["attack", query],
    queryFn: ({ signal }) => get("/api/v1/attack", { query, signal }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}

/** How a technique stands, as a class: what has fired has the colour of its level. */
export function standing({ rules, working, signals, level }: Technique): string {
  if (signals > 0) return `fired ${level ?? "informational"}`;
  if (working > 0) return "works";
  return rules.length > 0 ? "blind" : "none";
}

/** What a technique's standing means, in words. */
export function told(technique: Technique): string {
  const { id, name, rules, working, signals } = technique;
  const words = signals > 0 ? t.signals.count(grouped(signals)) : working > 0 ? t.attack.works : rules.length > 0 ? t.attack.blind : t.attack.none;
  return `${id} ${name}: ${t.rules.count(grouped(rules.length))}, ${words}`;
}

/** Where a click on a technique leads: to its signals, or to its rules. */
export function wayOf({ id, rules, signals }: Technique, stretch: Stretch): string {
  if (signals === 0) return `/rules?text=${encodeURIComponent(`attack.${id.toLowerCase()}`)}`;
  const params = new URLSearchParams({ all: "1", ...stretchParams(stretch) });
  for (const rule of rules) params.append("rule", rule);
  return `/signals?${params.toString()}`;
}

/** Techniques that are no part of another: what is counted. */
export function wholes(techniques: readonly Technique[]): readonly Technique[] {
  return techniques.filter(({ id }) => !id.includes("."));
}

/** The page. */
export default function Attack() {
  const [params, setParams] = useParams();
  const stretch = readStretch(params);
  const now = useNow(60_000);
  const { from, to } = ends(stretch, now);
  const asked = useMatrix(from, to);
  const show = SHOWS.find((known) => known === params.get("show")) ?? "all";
  return (
    <>
      <Top page="attack">
        <div className="seg" role="group" aria-label={t.response.filter}>
          {SHOWS.map((one) => (
            <button key={one} aria-pressed={one === show} onClick={() => setParams({ show: one === "all" ? undefined : one })}>
              {t.attack.shows[one]}
            </button>
          ))}
        </div>
        <Key />
        <span className="push" />
        <TimePicker
          value={stretch}
          ends={{ from, to }}
          set={(next) => setParams({ last: undefined, since: undefined, until: undefined, ...stretchParams(next) }, true)}
        />
      </Top>
      <Ready of={asked} rows={14}>
        {(matrix) => <Body matrix={matrix} show={show} stretch={stretch} />}
      </Ready>
    </>
  );
}

/** What the colours mean. */
export function Key() {
  return (
    <span className="legend attack-key wide-only">
      {(["fired", "works", "blind", "none"] as const).map((kind) => (
        <span key={kind}>
          <i className={`swatch cell ${kind}`} />
          {t.attack[kind]}
        </span>
      ))}
    </span>
  );
}

function Body({ matrix, show, stretch }: { matrix: Matrix; show: Show; stretch: Stretch }) {
  const all = new Map(matrix.tactics.flatMap(({ techniques }) => wholes(techniques)).map((technique) => [technique.id, technique]));
  const count = (is: (technique: Technique) => boolean): number => [...all.values()].filter(is).length;
  const covered = count(({ working }) => working > 0);
  return (
    <main className="attack">
      <p className="dim attack-sum">
        {t.attack.sum(grouped(covered), grouped(all.size), percent(all.size > 0 ? covered / all.size : undefined))} · {t.attack.firedSum(grouped(count(IS.fired)))} ·{" "}
        {t.attack.version(matrix.version ?? "—")}
      </p>
      <div className="matrix" tabIndex={0} role="region" aria-label={t.page.attack}>
        {matrix.tactics.map(({ tactic: name, techniques }) => (
          <section key={name}>
            <h2>
              {tactic(name)}
              <span className="faint">
                {grouped(wholes(techniques).filter(({ working }) => working > 0).length)}/{grouped(wholes(techniques).length)}
              </span>
            </h2>
            <ul>
              {techniques.filter(IS[show]).map((technique) => (
                <li key={technique.id}>
                  <Cell technique={technique} stretch={stretch} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </main>
  );
}

function Cell({ technique, stretch }: { technique: Technique; stretch: Stretch }) {
  const { id, name, rules, signals } = technique;
  const isPart = id.includes(".");
  const text = (
    <>
      <span className="mono id">{isPart ? id.slice(id.indexOf(".")) : id}</span>
      <span className="name">{harmless(name)}</span>
      <span className="num">{signals > 0 ? short(signals) : rules.length > 0 ? <span className="faint">{grouped(rules.length)}</span> : ""}</span>
    </>
  );
  const kind = `cell ${standing(technique)}${isPart ? " part" : ""}`;
  if (rules.length === 0) {
    return (
      <span className={kind} title={told(technique)}>
        {text}
      </span>
    );
  }
  return (
    <Link className={kind} href={wayOf(technique, stretch)} title={told(technique)}>
      {text}
    </Link>
  );
}

/** The matrix in small, for the overview. */
export function Strip({ from, to, stretch }: { from: number; to: number; stretch: Stretch }) {
  const asked = useMatrix(from, to);
  return (
    <section className="card">
      <header>
        <h2>{t.page.attack}</h2>
        <span className="push" />
        <Key />
        <Link className="link" href="/attack">
          {t.attack.open}
        </Link>
      </header>
      <Ready of={asked} rows={3}>
        {({ tactics }) => (
          <div className="strip pad">
            {tactics.map(({ tactic: name, techniques }) => (
              <div key={name}>
                <div className="faint clip" title={tactic(name)}>
                  {tactic(name)}
                </div>
                <div className="cells">
                  {wholes(techniques).map((technique) =>
                    technique.rules.length > 0 ? (
                      <Link key={technique.id} className={`cell ${standing(technique)}`} href={wayOf(technique, stretch)} title={told(technique)} aria-label={told(technique)} />
                    ) : (
                      <i key={technique.id} className="cell none" title={told(technique)} />
                    ),
                  )}
                </div>
              </div>
            ))}
          </div>
        )}
      </Ready>
    </section>
  );
}
