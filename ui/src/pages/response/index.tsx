// Alerts and response: who is told of signals, and which addresses are blocked for them.

import { useResponseNews } from "../../api/respond";
import { useParams } from "../../lib/router";
import { Top } from "../../shell";
import { t } from "../../strings/en";
import { Alerts } from "./alerts";
import { Blocks } from "./blocks";
import { Channels } from "./channels";
import { Deliveries } from "./deliveries";
import { Policies } from "./policies";
import { Silences } from "./silences";

const TABS = [
  { name: "blocks", Part: Blocks },
  { name: "policies", Part: Policies },
  { name: "alerts", Part: Alerts },
  { name: "silences", Part: Silences },
  { name: "channels", Part: Channels },
  { name: "deliveries", Part: Deliveries },
] as const;

/** The page. */
export default function Response() {
  const [params, setParams] = useParams();
  useResponseNews();
  const chosen = TABS.find(({ name }) => name === params.get("tab")) ?? TABS[0];
  const { Part } = chosen;
  return (
    <>
      <Top page="response">
        <div className="seg" role="group" aria-label={t.page.response}>
          {TABS.map(({ name }) => (
            <button key={name} aria-pressed={name === chosen.name} onClick={() => setParams({ tab: name === "blocks" ? undefined : name, show: undefined }, true)}>
              {t.response.tabs[name]}
            </button>
          ))}
        </div>
      </Top>
      <main className="scroll wide">
        <Part />
      </main>
    </>
  );
}
