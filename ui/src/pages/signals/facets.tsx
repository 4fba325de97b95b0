// What the signals are made of: fields with their values and counts. A click includes, with the shift key it excludes.

import { t } from "../../strings/en";
import type { Schemas } from "../../api/client";
import { type Field, type Term, type Use, useOf } from "../../lib/filter";
import { short } from "../../lib/format";
import { harmless } from "../../lib/text";
import { isLevel } from "../../parts/words";
import { useNameOf } from "../../api/names";

const ORDER: readonly Field[] = ["level", "status", "rule", "host", "user", "address", "tactic", "verdict", "assignee"];
const LEVEL_ORDER = ["critical", "high", "medium", "low", "informational"];

interface Props {
  facets: readonly Schemas["Facet"][];
  terms: readonly Term[];
  use: (field: Field, value: string, use: Use) => void;
  isOpen: boolean;
}

/** A value's name as people know it. */
export function useValueName(): (field: string, value: string) => string {
  const nameOf = useNameOf();
  return (field, value) => {
    if (value === "") return t.signals.noValue;
    if (field === "rule") return nameOf(value);
    if (field === "level" && isLevel(value)) return t.level[value];
    if (field === "status") return t.status[value as keyof typeof t.status] ?? value;
    if (field === "verdict") return t.verdict[value as keyof typeof t.verdict]?.long ?? value;
    if (field === "tactic") return tactic(value);
    return value;
  };
}

/** A tactic without its dashes. */
export function tactic(value: string): string {
  const text = value.replace(/^attack\./, "").replace(/[-_]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The column. */
export function Facets({ facets, terms, use, isOpen }: Props) {
  return (
    <aside className={isOpen ? "col facets open" : "col facets"} aria-label={t.signals.facets}>
      {ORDER.map((field) => {
        const facet = facets.find((one) => one.field === field);
        return facet && <One key={field} field={field} facet={facet} terms={terms} use={use} />;
      })}
    </aside>
  );
}

function rows(field: Field, facet: Schemas["Facet"], terms: readonly Term[]): { value: string; count: number }[] {
  const listed = [...facet.values];
  // What is filtered by stays in sight, so that it can be taken back.
  for (const term of terms) {
    if (term.field !== field) continue;
    for (const value of term.values) if (!listed.some((one) => one.value === value)) listed.push({ value, count: 0 });
  }
  if (field === "level") listed.sort((a, b) => LEVEL_ORDER.indexOf(a.value) - LEVEL_ORDER.indexOf(b.value));
  return listed.slice(0, field === "level" ? 5 : 7);
}

function One({ field, facet, terms, use }: { field: Field; facet: Schemas["Facet"]; terms: readonly Term[]; use: Props["use"] }) {
  const name = useValueName();
  const shown = rows(field, facet, terms);
  if (shown.length === 0 || (shown.length === 1 && shown[0]?.value === "" && !useOf(terms, field, ""))) return null;
  const max = Math.max(1, ...shown.map(({ count }) => count));
  const isFree = (field === "host" || field === "user" || field === "address" || field === "assignee");
  return (
    <section>
      <h2>{t.field[field]}</h2>
      {shown.map(({ value, count }) => {
        const now = useOf(terms, field, value);
        const text = harmless(name(field, value));
        return (
          <button
            key={value}
            className={`facet${now === "exclude" ? " not" : ""}`}
            aria-pressed={now === "include"}
            title={text}
            onClick={(event) => use(field, value, now ? "drop" : event.shiftKey ? "exclude" : "include")}
          >
            <span className={`name${isFree && value ? " mono" : ""}`}>
              {isLevel(value) ? <span className={`level ${value} plain`}>{text}</span> : text}
            </span>
            <span className="num">{short(count)}</span>
            <i style={{ width: `${(count / max) * 100}%` }} />
          </button>
        );
      })}
      {facet.others > 0 && <div className="facet faint">{t.signals.others(short(facet.others))}</div>}
    </section>
  );
}
