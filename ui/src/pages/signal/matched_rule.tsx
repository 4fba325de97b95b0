// The rule that matched an event, with the lines that held lit.

import { useMemo } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { get, type Schemas } from "../../api/client";
import { rulePath } from "../../lib/router";
import { harmless } from "../../lib/text";
import { litLines } from "../../lib/yaml";
import { Yaml } from "../../parts/code";
import { Loading } from "../../parts/states";
import { t } from "../../strings/en";

/** A rule with its text. */
export function useRule(uid: string) {
  return useQuery({
    queryKey: ["rules", uid],
    queryFn: ({ signal }) => get("/api/v1/rules/{uid}", { params: { uid }, signal }),
    staleTime: 60_000,
  });
}

/** Only the part of a rule that decides: what it selects, or what it counts. */
function excerpt(text: string): string {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => /^(detection|correlation):/.test(line));
  if (start < 0) return text;
  const length = lines.slice(start + 1).findIndex((line) => /^[^\s#-]/.test(line));
  return lines.slice(start, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The section. */
export function MatchedRule({ uid, title, matched }: { uid: string; title: string; matched: readonly Schemas["Matched"][] }) {
  const asked = useRule(uid);
  const text = useMemo(() => (asked.data ? excerpt(asked.data.text) : ""), [asked.data]);
  const lit = useMemo(() => litLines(text, matched), [text, matched]);
  return (
    <section>
      <h3>
        <span className="clip">{t.signal.ruleOf(harmless(title))}</span>
        <Link className="link push" href={rulePath(uid)}>
          {t.page.rule}
        </Link>
      </h3>
      {asked.isPending && <Loading rows={4} />}
      {asked.error && <p className="dim">{t.signal.noRule}</p>}
      {asked.data && <Yaml text={text} lit={lit} dimmed label={t.signal.rule} />}
      {asked.data && asked.data.false_positives.length > 0 && (
        <p className="dim note">
          {t.signal.falsepositives}: {asked.data.false_positives.map(harmless).join(" · ")}
        </p>
      )}
    </section>
  );
}
