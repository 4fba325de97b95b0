// One find of a hunt, with the story that its signal has or would have.

import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { get, type Schemas } from "../../api/client";
import { short } from "../../lib/format";
import { signalPath } from "../../lib/router";
import { harmless } from "../../lib/text";
import { clock, full, instant } from "../../lib/time";
import { Icon } from "../../parts/icon";
import { Ready } from "../../parts/states";
import { Level } from "../../parts/words";
import { t } from "../../strings/en";
import { depth } from "../signal/evidence";
import { boldWords, Outcomes, Story } from "../signal/story";

/** The panel. */
export function FoundPanel({ hunt, id, shut }: { hunt: string; id: string; shut: () => void }) {
  const [, go] = useLocation();
  const asked = useQuery({
    queryKey: ["hunts", "detection", hunt, id],
    queryFn: ({ signal }) => get("/api/v1/hunts/{id}/detections/{detection}", { params: { id: hunt, detection: id }, signal }),
    staleTime: 60_000,
  });
  const use = (_: string, value: string): void => go(`/signals?all=1&last=30d&text=${encodeURIComponent(value.slice(0, 200))}`);
  return (
    <aside className="col side" aria-label={t.hunt.results} tabIndex={-1}>
      <Ready of={asked} rows={14}>
        {(detail) => (
          <>
            <Header detail={detail} shut={shut} />
            <Story told={told(detail)} bold={boldWords(detail.group.map(({ value }) => value))} use={use} />
            <Outcomes outcomes={detail.outcomes} use={use} />
          </>
        )}
      </Ready>
    </aside>
  );
}

function told({ detection, why, value, evidence, is_truncated }: Schemas["HuntDetectionDetail"]) {
  const { title, level, time, total } = detection;
  return { title, level, time, total, why, value, evidence, is_truncated };
}

function Header({ detail: { detection, evidence }, shut }: { detail: Schemas["HuntDetectionDetail"]; shut: () => void }) {
  const chain = depth(evidence);
  const [first, last] = [instant(detection.first_seen), instant(detection.last_seen)];
  return (
    <div className="hd">
      <div className="row">
        <Level of={detection.level} />
        {chain > 1 && <span className="pill acc">{t.signal.levels(String(chain))}</span>}
        <span className="pill">{detection.is_signal ? t.hunt.isSignal : t.hunt.isNew}</span>
        <span className="pill">
          {t.signal.risk} {detection.risk}
        </span>
        <button className="btn ghost small square push" aria-label={t.close} onClick={shut}>
          <Icon name="close" />
        </button>
      </div>
      <h2>{harmless(detection.title)}</h2>
      <p className="dim">
        {t.signal.first} <time title={full(first)}>{clock(first)}</time> · {t.signal.last} <time title={full(last)}>{clock(last)}</time> ·{" "}
        {t.signal.eventCount(short(detection.total))}
      </p>
      {detection.is_signal && (
        <div className="acts">
          <Link className="btn" href={signalPath(detection.id)}>
            {t.hunt.openSignal}
          </Link>
        </div>
      )}
    </div>
  );
}
