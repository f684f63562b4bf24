// What the cabinet's pages do beyond links and forms. Everything works without it, less comfortably.
// htmx exchanges parts of a page; this file opens dialogs, asks before destructive actions, shows toasts,
// remembers the theme, places menus, shows passwords and copies texts.

const YEAR_S = 31_536_000;
const TOAST_MS = 6000;
const body = document.body;

// ── theme: "auto" follows the system; the server writes the choice into the next page ──
function chooseTheme(choice) {
  const root = document.documentElement;
  if (choice === "auto") delete root.dataset.bsTheme;
  else root.dataset.bsTheme = choice;
  const age = choice === "auto" ? 0 : YEAR_S;
  document.cookie = `theme=${choice}; path=/; max-age=${age}; samesite=lax`;
  for (const button of document.querySelectorAll("[data-theme-choice]"))
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  document.dispatchEvent(new Event("theme"));
}

// ── toasts ──
function toast({ text, tone = "success" }) {
  const card = document.createElement("div");
  card.className = `toast-card tone-${tone}`;
  card.append(Object.assign(document.createElement("p"), { textContent: text }));
  document.getElementById("toasts").append(card);
  settle(card);
}

function settle(card) {
  const close = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-action", textContent: "×" });
  close.setAttribute("aria-label", body.dataset.close);
  close.addEventListener("click", () => card.remove());
  card.append(close);
  if (card.classList.contains("tone-danger")) return; // stays until it was read
  let timer = setTimeout(() => card.remove(), TOAST_MS);
  for (const sign of ["pointerenter", "focusin"]) card.addEventListener(sign, () => clearTimeout(timer));
  for (const sign of ["pointerleave", "focusout"])
    card.addEventListener(sign, () => {
      clearTimeout(timer);
      timer = setTimeout(() => card.remove(), TOAST_MS);
    });
}

// ── dialogs: the browser keeps the focus inside, closes at Esc and gives the focus back ──
const dialog = document.getElementById("dialog");
const content = document.getElementById("dialog-content");

function closeDialog() {
  dialog.close();
}
dialog.addEventListener("close", () => content.replaceChildren());

function ask(button) {
  const window_ = document.getElementById("confirm");
  document.getElementById("confirm-question").textContent = button.dataset.confirm;
  document.getElementById("confirm-note").textContent = button.dataset.confirmNote ?? "";
  const yes = document.getElementById("confirm-yes");
  yes.dataset.usual ??= yes.textContent;
  yes.textContent = button.dataset.confirmLabel ?? yes.dataset.usual;
  const harms = button.matches(".tone-danger, .btn-danger, .btn-outline-danger");
  yes.className = `btn ${harms ? "btn-danger" : "btn-primary"}`;
  window_.returnValue = "";
  window_.addEventListener(
    "close",
    () => {
      if (window_.returnValue !== "yes") return;
      if (!button.form) return void htmx.trigger(button, "confirmed");
      button.form.requestSubmit(button); // no click, so nothing is asked again
    },
    { once: true },
  );
  window_.showModal();
}

// ── small controls ──
function reveal(button) {
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  field.select();
  if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
  else document.execCommand("copy"); // browsers give the clipboard to https and localhost only
  toast({ text: button.dataset.done });
}

function place(menu) {
  const opener = document.querySelector(`[popovertarget="${menu.id}"]`);
  const at = opener.getBoundingClientRect();
  const below = at.bottom + 4;
  const fits = below + menu.offsetHeight <= innerHeight;
  menu.style.top = `${fits ? below : Math.max(4, at.top - 4 - menu.offsetHeight)}px`;
  menu.style.left = `${Math.max(4, Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 4))}px`;
}

const clicks = {
  "[data-theme-choice]": (button) => chooseTheme(button.dataset.themeChoice),
  "[data-reveal]": reveal,
  "[data-copy]": copy,
  "[data-print]": () => print(),
};

document.addEventListener("click", (event) => {
  for (const [selector, act] of Object.entries(clicks)) {
    const found = event.target.closest(selector);
    if (found) return void act(found);
  }
  const closer = event.target.closest("[data-close-dialog]");
  if (closer && closer.closest("dialog")) {
    event.preventDefault();
    return void closeDialog();
  }
  const asked = event.target.closest("[data-confirm]");
  if (asked) {
    event.preventDefault();
    ask(asked);
  }
});

// Popovers do not bubble their events; they are caught on the way down. Esc and clicks outside are the browser's.
document.addEventListener(
  "toggle",
  (event) => {
    if (event.newState === "open" && event.target.matches(".menu:not(.menu-user)")) place(event.target);
  },
  true,
);

// ── htmx ──
body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target === content && content.childElementCount && !dialog.open) dialog.showModal();
});
body.addEventListener("toasts", (event) => event.detail.value.forEach(toast));
body.addEventListener("htmx:sendError", () => toast({ text: body.dataset.offline, tone: "danger" }));
body.addEventListener("htmx:timeout", () => toast({ text: body.dataset.offline, tone: "danger" }));
body.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) location.reload(); // the session has ended: the server leads to signing in
  else if (!event.detail.xhr.getResponseHeader("HX-Trigger")) toast({ text: body.dataset.failed, tone: "danger" });
});

document.querySelectorAll("#toasts > .toast-card").forEach(settle);
