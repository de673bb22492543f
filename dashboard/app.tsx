import { useRef, useState } from "hono/jsx/dom";
import { callApi, get, messageOf, whenSignedOut } from "./api.ts";
import type { Session } from "./api-types.ts";
import { AlertsPage, AuditPage, DestinationsPage, KeysPage, SignInPage, TunnelsPage } from "./pages/index.ts";
import { Mark, Loading, useEffect } from "./parts/index.ts";
import { Link, PageTitle, useRoute } from "./navigation.tsx";
import { pathOf, type Route } from "./route.ts";
import { SessionContext } from "./session.ts";
import { TunnelPage } from "./tunnel/index.ts";

type SignedIn = { state: "asking" } | { state: "out"; why: string } | { state: "in"; session: Session };

export function App() {
  const [signedIn, setSignedIn] = useState<SignedIn>({ state: "asking" });
  useEffect(() => {
    whenSignedOut(() => setSignedIn({ state: "out", why: "The session is over. Please sign in again." }));
    get<{ session: Session | null; notice?: string }>("/session").then(
      ({ session, notice = "" }) =>
        setSignedIn(session === null ? { state: "out", why: notice } : { state: "in", session }),
      (error: unknown) => setSignedIn({ state: "out", why: messageOf(error) }),
    );
  }, []);

  const signOut = async () => {
    const elsewhere = signedIn.state === "in" ? signedIn.session.signOutUrl : undefined;
    if (elsewhere !== undefined) return location.assign(elsewhere);
    await callApi("DELETE", "/session").catch(() => {});
    setSignedIn({ state: "out", why: "You are signed out." });
  };

  switch (signedIn.state) {
    case "asking":
      return <Loading what="the dashboard" />;
    case "out":
      return (
        <SignInPage why={signedIn.why} onSignedIn={(session) => setSignedIn({ state: "in", session })} />
      );
    case "in":
      return <Frame session={signedIn.session} signOut={() => void signOut()} />;
  }
}

const NAVIGATION: readonly { route: Route; title: string }[] = [
  { route: { page: "tunnels" }, title: "Tunnels" },
  { route: { page: "log-destinations" }, title: "Log destinations" },
  { route: { page: "alerts" }, title: "Alerts" },
  { route: { page: "keys" }, title: "Keys" },
  { route: { page: "audit-log" }, title: "Audit log" },
];

/** The frame around every page. */
function Frame({ session, signOut }: { session: Session; signOut: () => void }) {
  const route = useRoute();
  // Another search, or one request of its result, is the same page to a screen reader.
  const path = pathOf(
    route.page === "tunnel" && route.view === "requests"
      ? { page: "tunnel", tunnelId: route.tunnelId, view: "requests" }
      : route,
  );
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    // Not on the first page, where a screen reader starts at the top of the document.
    if (!isFirst.current) main.current?.querySelector("h1")?.focus();
    isFirst.current = false;
    scrollTo(0, 0);
  }, [path]);
  const section = route.page === "tunnel" ? "tunnels" : route.page;
  return (
    <SessionContext.Provider value={session}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <div class="inner">
          <span class="brand">
            <Mark /> Culvert
          </span>
          <nav aria-label="Pages">
            {NAVIGATION.map((entry) => (
              <Link to={entry.route} current={entry.route.page === section}>
                {entry.title}
              </Link>
            ))}
          </nav>
          <div class="who">
            <span>
              <span class="role">{session.role}</span> <code>{session.actor}</code>
            </span>
            <button type="button" class="small" onClick={signOut}>
              Sign out
            </button>
          </div>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <CurrentPage route={route} />
      </main>
    </SessionContext.Provider>
  );
}

function CurrentPage({ route }: { route: Route }) {
  switch (route.page) {
    case "tunnels":
      return <TunnelsPage />;
    case "tunnel":
      return <TunnelPage route={route} />;
    case "log-destinations":
      return <DestinationsPage />;
    case "alerts":
      return <AlertsPage />;
    case "keys":
      return <KeysPage />;
    case "audit-log":
      return <AuditPage />;
    case "missing":
      return (
        <>
          <PageTitle title="No such page" />
          <p>
            <Link to={{ page: "tunnels" }}>To the tunnels</Link>
          </p>
        </>
      );
  }
}
