// Settings: people, keys, the audit trail, how the server runs, and how this browser's user likes the page.

import { useMay } from "../../api/session";
import { useParams } from "../../lib/router";
import { Top } from "../../shell";
import { t } from "../../strings/en";
import { Audit } from "./audit";
import { Browser } from "./browser";
import { Keys } from "./keys";
import { Server } from "./server";
import { Storage } from "./storage";
import { Users } from "./users";

const TABS = [
  { name: "look", needsAdmin: false, Part: Browser },
  { name: "users", needsAdmin: true, Part: Users },
  { name: "keys", needsAdmin: true, Part: Keys },
  { name: "audit", needsAdmin: true, Part: Audit },
  { name: "storage", needsAdmin: false, Part: Storage },
  { name: "server", needsAdmin: false, Part: Server },
] as const;

/** The page. */
export default function Settings() {
  const isAdmin = useMay("admin");
  const [params, setParams] = useParams();
  const tabs = TABS.filter(({ needsAdmin }) => isAdmin || !needsAdmin);
  const chosen = tabs.find(({ name }) => name === params.get("tab")) ?? tabs[0];
  const Part = chosen?.Part ?? Browser;
  return (
    <>
      <Top page="settings">
        <div className="seg" role="group" aria-label={t.page.settings}>
          {tabs.map(({ name }) => (
            <button key={name} aria-pressed={name === chosen?.name} onClick={() => setParams({ tab: name }, true)}>
              {t.settings[name]}
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
