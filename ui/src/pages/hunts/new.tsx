// A new hunt: with which rules, how far back, and what comes of it.

import { useState } from "react";
import { useLocation } from "wouter";
import { call, type Schemas } from "../../api/client";
import { useStorage } from "../../api/hunts";
import { useRules } from "../../api/names";
import { useMay } from "../../api/session";
import { huntPath } from "../../lib/router";
import { harmless } from "../../lib/text";
import { instant, isSpan, SPANS } from "../../lib/time";
import { Choices, Field, FormDialog, textOf, useAct } from "../../parts/form";
import { t } from "../../strings/en";

type What = "all" | "one" | "chain";

/** Spans beside those of the picker. */
const WHOLE = "whole";

interface Props {
  close: () => void;
  chain?: string | undefined;
  kind?: string | undefined;
}

/** The dialog. */
export function NewHunt({ close, chain, kind }: Props) {
  const [, go] = useLocation();
  const act = useAct("hunts");
  const { data: rules } = useRules();
  const { data: storage } = useStorage();
  const mayFill = useMay("rules");
  const [what, setWhat] = useState<What>(chain === undefined ? "all" : "chain");
  const [rule, setRule] = useState(chain ?? "");
  const [outcome, setOutcome] = useState<Schemas["HuntKind"]>(kind === "back_fill" && mayFill ? "back_fill" : "hunt");
  const all = [...(rules?.items ?? [])].sort((a, b) => a.title.localeCompare(b.title));
  const send = async (form: FormData): Promise<void> => {
    const span = String(form.get("span"));
    const first = instant(storage?.lake.first) ?? 0;
    const from = isSpan(span) ? Date.now() - SPANS[span] : first;
    const chosen = what === "all" ? {} : what === "one" ? { rules: [rule] } : { chain: rule };
    const title = all.find(({ uid }) => uid === rule)?.title;
    const name = textOf(form, "name") ?? (what === "all" ? t.hunt.whatAll : (title ?? rule));
    const hunt = await call("post", "/api/v1/hunts", { name: name.slice(0, 200), kind: outcome, from: new Date(from).toISOString(), ...chosen });
    await act(() => Promise.resolve(), t.hunt.started);
    go(huntPath(hunt.id));
  };
  return (
    <FormDialog title={t.hunt.new} close={close} send={send} go={t.hunt.start} isReady={what === "all" || rule !== ""}>
      <Choices
        label={t.hunt.what}
        name="what"
        value={what}
        set={(value) => setWhat(value as What)}
        options={[
          { value: "all", label: t.hunt.whatAll },
          { value: "one", label: t.hunt.whatOne, hint: t.hunt.whatOneHint },
          { value: "chain", label: t.hunt.whatChain, hint: t.hunt.whatChainHint },
        ]}
      />
      {what !== "all" && (
        <Field label={t.page.rule}>
          <select className="input" value={rule} onChange={(event) => setRule(event.target.value)} required>
            <option value="">{t.hunt.choose}</option>
            {all.map(({ uid, title }) => (
              <option key={uid} value={uid}>
                {harmless(title)}
              </option>
            ))}
          </select>
        </Field>
      )}
      <Field label={t.hunt.range}>
        <select className="input" name="span" defaultValue="7d">
          {Object.keys(SPANS).map((span) => (
            <option key={span} value={span}>
              {t.span[span as keyof typeof SPANS]}
            </option>
          ))}
          <option value={WHOLE}>{t.hunt.everything}</option>
        </select>
      </Field>
      <Choices
        label={t.hunt.outcome}
        name="kind"
        value={outcome}
        set={(value) => setOutcome(value as Schemas["HuntKind"])}
        options={[
          { value: "hunt", label: t.hunt.look, hint: t.hunt.lookHint },
          { value: "back_fill", label: t.hunt.fill, hint: mayFill ? t.hunt.fillHint : t.hunt.fillOff, isOff: !mayFill },
        ]}
      />
      <Field label={t.hunt.name} hint={t.hunt.optional}>
        <input className="input" name="name" maxLength={200} />
      </Field>
    </FormDialog>
  );
}
