// Keeps what is typed into the form of new videos in this browser until it is sent: one draft for
// each form's key, by person and project. The one that was edited last in this tab comes back by
// itself, another one is offered. dailies.js forgets them at sign-out, and other people's.
(() => {
  const MOST = 5; // drafts of a person and project
  const LONGEST = 30 * 86_400_000, PAUSE = 400; // ms
  const NOT_KEPT = new Set(["csrfmiddlewaretoken", "key", "prompt_name"]);
  const { lang, dataset: page } = document.documentElement, { person } = page;
  if (!person) return;
  const find = (selector, within = document) => within?.querySelector(selector);

  // Storage, which may be full or forbidden

  const attempt = (act) => { try { return act(); } catch { return undefined; } };
  const read = (name) => attempt(() => {
    const { at, tried, pairs } = JSON.parse(localStorage.getItem(name));
    return Array.isArray(pairs) && Date.now() - at < LONGEST ? { name, at, tried, pairs } : undefined;
  });
  const remove = (name) => attempt(() => localStorage.removeItem(name));
  const write = (name, draft) => attempt(() => {
    if (localStorage.getItem("person") !== person) return false; // signed out, or somebody else
    if ((localStorage.getItem("left") || "") !== page.left) return false; // and in again meanwhile
    localStorage.setItem(name, JSON.stringify(draft));
    sessionStorage.setItem("draft", name);
    return true;
  }) || false;
  const namesLike = (start) => attempt(() => Object.keys(localStorage).filter((name) => name.startsWith(start))) || [];
  const ownOfTab = () => attempt(() => {
    const name = sessionStorage.getItem("draft");
    return name?.startsWith(`draft:${person}:`) ? read(name) : undefined;
  });

  // Forms and their drafts

  // Of each form. `tried`: "" before it was sent, then "unchanged", and "changed" once it differs
  // from what was sent first.
  const states = new WeakMap();
  const keyOf = (form) => form.dataset.key || form.elements.key.value;
  const setKey = (form, key) => { form.dataset.key = form.elements.key.value = key; };
  const startOf = (form) => `draft:${person}:${form.elements.project?.value || form.dataset.project}:`;
  const pairsOf = (form) =>
    [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !NOT_KEPT.has(name));
  const serial = (form) => JSON.stringify(pairsOf(form));
  const hasContent = (form) =>
    [...form.querySelectorAll("textarea")].some((field) => field.value.trim())
    || pairsOf(form).some(([, value]) => /^(upload|clip):/.test(value));

  const asSaved = (form) => JSON.stringify([startOf(form) + keyOf(form), states.get(form).tried, pairsOf(form)]);
  const save = (form) => {
    const state = states.get(form), name = startOf(form) + keyOf(form);
    if (!state.isTouched || state.saved === asSaved(form)) return;
    if (state.name && state.name !== name) remove(state.name);
    state.name = name;
    if (!hasContent(form)) remove(name);
    const draft = { at: Date.now(), tried: state.tried, pairs: pairsOf(form) };
    form.dataset.kept = hasContent(form) && write(name, draft) ? "yes" : "";
    state.saved = form.dataset.kept && asSaved(form);
  };
  let waiting = 0;
  const touch = (form) => {
    const state = states.get(form);
    if (!state.isTouched && serial(form) === state.initial) return; // an event without a change
    state.isTouched = true;
    if (state.tried && state.saved !== asSaved(form)) state.tried = "changed";
    clearTimeout(waiting);
    waiting = setTimeout(save, PAUSE, form);
  };
  const drafts = (form) => {
    const names = namesLike(startOf(form)).filter((name) => name !== startOf(form) + keyOf(form));
    const found = names.map(read).filter(Boolean).sort((one, other) => other.at - one.at);
    const kept = new Set(found.slice(0, MOST).map(({ name }) => name));
    for (const name of names) if (!kept.has(name)) remove(name);
    return found.slice(0, MOST);
  };

  // The line about a draft

  const ages = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
  const age = (at) => {
    const minutes = Math.max(1, Math.round((Date.now() - at) / 60_000));
    if (minutes < 60) return ages.format(-minutes, "minute");
    if (minutes < 1440) return ages.format(-Math.round(minutes / 60), "hour");
    return ages.format(-Math.round(minutes / 1440), "day");
  };
  const show = (form, kind, draft) => {
    const line = find("#compose-draft", form), hadFocus = line.contains(document.activeElement);
    const template = draft && find(`template[data-draft-line="${kind}"]`, form);
    line.replaceChildren(...(template ? [template.content.cloneNode(true)] : []));
    line.hidden = !template;
    states.get(form).shown = draft;
    if (hadFocus) find("textarea", form)?.focus();
    if (!template) return;
    const time = find("[data-age]", line);
    time.dateTime = new Date(draft.at).toISOString();
    time.textContent = age(draft.at);
  };
  // Whether it was sent after all, and only the answer was lost: then that is told instead.
  const keyIn = (draft) => draft.name.slice(draft.name.lastIndexOf(":") + 1);
  const wasSent = async (form, draft) => {
    if (draft.tried !== "unchanged") return false;
    const answer = await fetch(`${form.getAttribute("action")}${keyIn(draft)}/`, { redirect: "manual" });
    if (answer.status !== 200) return false;
    const { outcome } = await answer.json();
    remove(draft.name);
    const told = new DOMParser().parseFromString(outcome, "text/html").body.childNodes;
    find("#compose-outcome", form).replaceChildren(...told);
    return true;
  };
  const isUnsent = async (form, draft) => Boolean(draft) && !(await wasSent(form, draft).catch(() => false));
  const offer = async (form) => {
    show(form);
    for (const draft of drafts(form)) if (await isUnsent(form, draft)) return show(form, "offered", draft);
  };

  // The form with these values as the server shows it: it knows what can be chosen, and which
  // pictures are gone. Throws where it does not answer.
  const render = async (form, pairs) => {
    const data = new FormData();
    for (const [name, value] of pairs) data.append(name, value);
    data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const address = find("#compose-body", form).getAttribute("hx-post");
    const answer = await fetch(address, { method: "POST", body: data, redirect: "manual" });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.text();
  };
  // Replace the form's values and key, and what is known of them.
  const turn = (form, content, key, next) => {
    const body = find("#compose-body", form);
    htmx.trigger(body, "htmx:abort");
    htmx.swap(body, content, { swapStyle: htmx.config.defaultSwapStyle });
    setKey(form, key);
    Object.assign(states.get(form), next);
  };
  const restore = async (form, draft, isStillWanted = () => true) => {
    clearTimeout(waiting);
    save(form);
    const { isTouched, tried, name } = states.get(form);
    const before = { pairs: pairsOf(form), key: keyOf(form), state: { isTouched, tried, name } };
    const content = await render(form, draft.pairs).catch(() => null);
    if (content === null) return show(form, "failed", draft);
    if (!isStillWanted()) return show(form, "offered", draft);
    turn(form, content, keyIn(draft), { isTouched: true, tried: draft.tried, name: draft.name, before });
    states.get(form).saved = asSaved(form); // as old as it is, until it is changed
    show(form, "restored", draft);
  };
  const undo = async (form, draft) => {
    const { pairs, key, state } = states.get(form).before;
    clearTimeout(waiting);
    save(form); // what was changed in the draft since
    const content = await render(form, pairs).catch(() => null);
    if (content === null) return;
    turn(form, content, key, state);
    show(form, "offered", read(draft.name));
  };
  const discard = (form, draft) => {
    remove(draft.name);
    offer(form);
  };

  const open = async (form) => {
    // Typed before this script ran: into the dock, or brought back by the browser.
    const isTyped = [...form.querySelectorAll("textarea")].some((field) => field.value !== field.defaultValue);
    states.set(form, { isTouched: false, tried: "", name: "", initial: isTyped ? "" : serial(form) });
    if (isTyped) touch(form);
    const query = new URLSearchParams(location.search), own = ownOfTab();
    const isFilled = hasContent(form) || query.has("from") || query.has("prompt");
    const isHere = own && (!query.has("project") || own.name.startsWith(startOf(form)));
    const isNext = isHere && !isFilled && await isUnsent(form, own);
    if (isNext) restore(form, own, () => !states.get(form).isTouched);
    else offer(form);
  };

  // Events; a form may come into the page later

  const ofForm = (event) => {
    const form = event.target.closest?.("#compose");
    return form && states.has(form) ? form : null;
  };
  for (const kind of ["input", "change"]) document.addEventListener(kind, (event) => {
    const form = ofForm(event);
    if (!form || event.target.id === "compose-body" || NOT_KEPT.has(event.target.name)) return;
    touch(form);
    if (kind === "change" && event.target.name === "project") offer(form);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-draft]"), form = ofForm(event);
    const draft = form && states.get(form).shown;
    if (button && draft) ({ restore, undo, discard })[button.dataset.draft](form, draft);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const form = find("#compose");
    if (form && !states.has(form)) return open(form);
    const settled = form && ofForm(event);
    if (settled) touch(form); // a saved prompt was put into it, perhaps
  });
  document.addEventListener("compose:sending", (event) => {
    const form = ofForm(event);
    if (!form) return;
    const state = states.get(form);
    Object.assign(state, { isTouched: true, tried: state.tried || "unchanged" });
    clearTimeout(waiting);
    save(form);
  });
  const isSent = (event) => {
    const form = ofForm(event);
    if (!form) return;
    const isAllSent = event.type === "compose:sent" && event.detail.isUnchanged;
    remove(states.get(form).name);
    const next = { isTouched: !isAllSent, tried: "", name: "", saved: "", initial: serial(form) };
    Object.assign(states.get(form), next);
    save(form);
    show(form);
  };
  document.addEventListener("compose:sent", isSent);
  document.addEventListener("compose:sent-before", isSent);
  const flush = () => {
    const form = find("#compose");
    clearTimeout(waiting);
    if (form && states.has(form)) save(form);
  };
  window.addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => { if (document.hidden) flush(); });

  if (find("#compose")) open(find("#compose"));
})();
