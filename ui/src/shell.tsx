// What stands around every page: the rail with the pages and their keys, the palette, the messages, the keys of the moment.

import { type ReactNode, useState } from "react";
import { Link, useLocation } from "wouter";
import { useSession } from "./api/session";
import { useFoot } from "./api/foot";
import { useRuleNames } from "./api/names";
import { useLiking } from "./lib/hooks";
import { useBindings, useKeys } from "./lib/keys";
import { type PageName, PAGES, rulePath } from "./lib/router";
import { Dialog } from "./parts/dialog";
import { Icon, Mark } from "./parts/icon";
import { type Command, Palette } from "./parts/palette";
import { Toasts } from "./parts/toasts";
import { t } from "./strings/en";
import { harmless } from "./lib/text";

/** The frame of a page. */
export function Shell({ children }: { children: ReactNode }) {
  const [, go] = useLocation();
  const [isHelp, setHelp] = useState(false);
  const [isPalette, setPalette] = useState(false);
  const [isMenu, setMenu] = useState(false);
  useKeys([
    ...PAGES.map(({ name, path, keys }) => ({ keys, label: t.keys.go(t.page[name]), run: () => go(path) })),
    { keys: "?", label: t.keys.help, run: () => setHelp(true), hint: true },
    { keys: "ctrl+k", label: t.keys.palette, run: () => setPalette(true), hint: true, typing: true },
    { keys: "escape", label: t.keys.back, run: leaveInput, typing: true },
  ]);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t.skip}
      </a>
      <Rail isOpen={isMenu} shut={() => setMenu(false)} />
      <div className="page" id="content" onClick={() => isMenu && setMenu(false)}>
        <MenuButton toggle={() => setMenu(!isMenu)} />
        {children}
        <Hints />
      </div>
      <Toasts />
      {isHelp && <Help close={() => setHelp(false)} />}
      {isPalette && <Everything close={() => setPalette(false)} />}
    </div>
  );
}

function leaveInput(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function MenuButton({ toggle }: { toggle: () => void }) {
  return (
    <button
      className="btn ghost square menu-button"
      aria-label={t.menu}
      onClick={(event) => {
        event.stopPropagation();
        toggle();
      }}
    >
      <Icon name="menu" />
    </button>
  );
}

function Rail({ isOpen, shut }: { isOpen: boolean; shut: () => void }) {
  const [path] = useLocation();
  const { me, logOut } = useSession();
  const foot = useFoot();
  const isOn = (page: string): boolean => (page === "/" ? path === "/" : path === page || path.startsWith(`${page}/`));
  const entry = ({ name, path: to, keys }: (typeof PAGES)[number]) => (
    <Link key={name} className="go" href={to} aria-current={isOn(to) ? "page" : undefined} onClick={shut}>
      <Icon name={name} />
      {t.page[name]}
      <kbd>{keys}</kbd>
    </Link>
  );
  return (
    <nav className={isOpen ? "rail open" : "rail"} aria-label={t.product}>
      <div className="brand">
        <Mark />
        {t.product}
      </div>
      {PAGES.filter(({ name }) => name !== "settings").map(entry)}
      <hr />
      {PAGES.filter(({ name }) => name === "settings").map(entry)}
      <div className="foot">
        {foot.map((line) => (
          <span key={line}>{line}</span>
        ))}
        <span className="who">
          <span className="clip">{harmless(me?.name ?? "")}</span>
          <button className="btn ghost small square push" aria-label={t.login.out} title={t.login.out} onClick={logOut}>
            <Icon name="out" />
          </button>
        </span>
      </div>
    </nav>
  );
}

function Hints() {
  const bindings = useBindings().filter(({ hint }) => hint);
  return (
    <div className="keys" aria-hidden="true">
      {bindings.map(({ keys, label }) => (
        <span key={keys}>
          <Keys keys={keys} /> {label}
        </span>
      ))}
    </div>
  );
}

function Keys({ keys }: { keys: string }) {
  return (
    <span className="row">
      {keys.split(" ").map((key, at) => (
        <kbd key={at}>{key.replace("ctrl+", "Ctrl ").replace("shift+", "⇧ ")}</kbd>
      ))}
    </span>
  );
}

function Help({ close }: { close: () => void }) {
  const [bindings] = useState(useBindings());
  return (
    <Dialog title={t.keys.title} close={close} large>
      <div className="body key-list">
        {bindings.map(({ keys, label }) => (
          <div key={keys}>
            <span>{label}</span>
            <Keys keys={keys} />
          </div>
        ))}
      </div>
    </Dialog>
  );
}

function Everything({ close }: { close: () => void }) {
  const [, go] = useLocation();
  const [, setTheme] = useLiking("theme");
  const [, setZone] = useLiking("zone");
  const rules = useRuleNames();
  const { logOut } = useSession();
  const action = (id: string, title: string, run: () => void): Command => ({ id, title, kind: t.palette.action, run });
  const commands: Command[] = [
    ...PAGES.map(({ name, path }) => ({ id: name, title: t.page[name], kind: t.palette.goto, run: () => go(path) })),
    action("dark", `${t.theme.title}: ${t.theme.dark}`, () => setTheme("dark")),
    action("light", `${t.theme.title}: ${t.theme.light}`, () => setTheme("light")),
    action("system", `${t.theme.title}: ${t.theme.system}`, () => setTheme(undefined)),
    action("utc", `${t.zone.title}: ${t.zone.utc}`, () => setZone(undefined)),
    action("local", `${t.zone.title}: ${t.zone.local}`, () => setZone("local")),
    action("out", t.login.out, logOut),
    ...rules.map(({ id, title }) => ({ id: `rule-${id}`, title, kind: t.palette.rule, run: () => go(rulePath(id)) })),
  ];
  return <Palette commands={commands} close={close} find={(text) => go(`/signals?all=1&last=30d&text=${encodeURIComponent(text)}`)} />;
}

/** The bar at the top of a page. */
export function Top({ page, children }: { page: PageName | "signal" | "rule" | "missing"; children?: ReactNode }) {
  return (
    <header className="top">
      <h1>{t.page[page]}</h1>
      {children}
    </header>
  );
}
