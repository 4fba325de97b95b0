// Conditions on a signal, said in words and edited in a form.

import type { Conditions } from "../api/respond";
import { useNameOf } from "../api/names";
import { harmless } from "../lib/text";
import { t } from "../strings/en";
import { Field, numberOf } from "./form";
import { levels } from "./words";

/** Conditions that every signal fulfils. */
export const EVERY: Conditions = { level_min: null, risk_min: null, rules: [], tags: [], entities: [] };

/** A function that says conditions in words. */
export function useCondition(): (when: Conditions) => string {
  const nameOf = useNameOf();
  return ({ level_min, risk_min, rules, tags, entities }) => {
    const words = t.conditions;
    const parts = [
      level_min ? words.level(t.level[level_min]) : "",
      risk_min == null ? "" : words.risk(String(risk_min)),
      rules && rules.length > 0 ? words.rule(rules.map(nameOf).join(words.or)) : "",
      tags && tags.length > 0 ? words.tag(tags.join(words.or)) : "",
      entities && entities.length > 0 ? entities.map(({ kind, value }) => `${kind} ${value}`).join(words.or) : "",
    ].filter(Boolean);
    return parts.length > 0 ? harmless(parts.join(words.and)) : words.every;
  };
}

function list(form: FormData, name: string): string[] {
  return String(form.get(name) ?? "")
    .split(/[\n,]/)
    .map((part) => part.trim())
    .filter(Boolean);
}

/** The conditions of a form that has their fields. */
export function conditionsOf(form: FormData): Conditions {
  const level = levels.find((one) => one === form.get("level_min"));
  const entities = list(form, "entities").map((line) => {
    const [kind = "", ...rest] = line.split(/[\s=:]+/);
    // Who gives a value alone means an address.
    return rest.length > 0 ? { kind, value: rest.join(":") } : { kind: "address", value: kind };
  });
  return { level_min: level ?? null, risk_min: numberOf(form, "risk_min") ?? null, rules: list(form, "rules"), tags: list(form, "tags"), entities };
}

/** The fields. */
export function ConditionFields({ when }: { when?: Conditions | undefined }) {
  const words = t.conditions;
  return (
    <fieldset className="field plain stack">
      <legend className="dim">{words.title}</legend>
      <div className="halves">
        <Field label={words.levelField}>
          <select className="input" name="level_min" defaultValue={when?.level_min ?? ""}>
            <option value="">{t.rules.anyLevel}</option>
            {levels.map((level) => (
              <option key={level} value={level}>
                {t.level[level]}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.riskField}>
          <input className="input" name="risk_min" type="number" min={0} max={100} defaultValue={when?.risk_min ?? ""} />
        </Field>
      </div>
      <Field label={words.rulesField} hint={words.rulesHint}>
        <textarea className="input mono" name="rules" rows={2} spellCheck={false} defaultValue={when?.rules?.join("\n") ?? ""} />
      </Field>
      <div className="halves">
        <Field label={words.tagsField} hint={words.tagsHint}>
          <input className="input mono" name="tags" spellCheck={false} defaultValue={when?.tags?.join(", ") ?? ""} />
        </Field>
        <Field label={words.entitiesField} hint={words.entitiesHint}>
          <input
            className="input mono"
            name="entities"
            spellCheck={false}
            defaultValue={when?.entities?.map(({ kind, value }) => `${kind} ${value}`).join(", ") ?? ""}
          />
        </Field>
      </div>
    </fieldset>
  );
}
