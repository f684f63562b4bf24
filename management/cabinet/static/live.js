// Keeps a part of a page fresh: <div data-live="ADDRESS" data-offline="ID"> is fetched again every two seconds;
// the element with that id is shown while the address does not answer. A hidden tab asks nothing.
"use strict";

const PERIOD_MS = 2000;
const PATIENCE_MS = 8000;

async function refresh(part, offline, shown) {
  try {
    const answer = await fetch(part.dataset.live, { headers: { "dozvon-automatic": "1" }, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(String(answer.status));
    const html = await answer.text();
    if (html !== shown) part.innerHTML = html; // the server escaped it
    offline.hidden = true;
    return html;
  } catch {
    offline.hidden = false;
    return shown;
  }
}

async function keepFresh(part) {
  const offline = document.getElementById(part.dataset.offline);
  let shown = "";
  for (;;) {
    await new Promise((resume) => setTimeout(resume, PERIOD_MS));
    if (!document.hidden) shown = await refresh(part, offline, shown);
  }
}

document.querySelectorAll("[data-live]").forEach(keepFresh);
