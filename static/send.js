// Sends the form of new videos while its page stays open. The form's key makes one batch at most, so
// whatever happens the same key goes again: unchanged, it finds what it has made; changed, the
// server says whether the first content was placed, and gives a new key (tasks/submission/place.py).
(() => {
  const LONGEST = 60_000; // ms until an answer counts as lost; the server waits 20 s for a lock
  const DOUBLE_CLICK = 1_000; // ms after sending in which another click belongs to the first
  const TOKEN = "csrfmiddlewaretoken";
  const find = (selector, within = document) => within.querySelector(selector);
  const isOrder = (form, button) =>
    form.id === "compose" && !button?.name && !button?.hasAttribute("formaction");

  const keyOf = (form) => form.dataset.key || form.elements.key.value;
  const entered = (form) => {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    data.set("key", keyOf(form)); // a renewed form may still show the key before
    return data;
  };
  const without = (data, ...names) => JSON.stringify([...data].filter(([name]) => !names.includes(name)));
  const isSame = (form, data) => without(entered(form), TOKEN, "key") === without(data, TOKEN, "key");

  // What is told above the button

  const tell = (form, ...content) => {
    const outcome = find("#compose-outcome", form);
    const hadFocus = outcome.contains(document.activeElement);
    outcome.replaceChildren(...content);
    if (hadFocus) find("#generate", form).focus();
  };
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body.childNodes;
  const sentence = (form, name) => find(`template[data-outcome="${name}"]`, form).content.cloneNode(true);
  const tellFailure = (form, why) => {
    const isUnkept = why === "ended" && form.dataset.kept !== "yes";
    tell(form, sentence(form, isUnkept ? "ended-unkept" : why));
    const link = find("[data-sign-in]", form);
    if (link) link.search = new URLSearchParams({ next: isUnkept ? "/" : wayBack(form) });
  };
  const wayBack = (form) => {
    const action = form.getAttribute("action");
    if (location.pathname !== action) return location.pathname + location.search;
    return `${action}?project=${form.elements.project?.value || form.dataset.project}`;
  };

  // Asking the server

  const request = (form, options) => fetch(form.getAttribute("action"), {
    redirect: "manual", signal: AbortSignal.timeout(LONGEST), ...options,
  });
  const isEnded = (answer) => answer.type === "opaqueredirect" || answer.status === 401;
  // A sign-in in another tab renews the token, and its person may be another one. Returns why the
  // form must not be sent again, or "".
  const renewToken = async (form) => {
    const answer = await request(form, {});
    if (isEnded(answer)) return "ended";
    if (!answer.ok) return answer.status === 403 ? "forbidden" : "failed";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.documentElement.dataset.person !== document.documentElement.dataset.person) return "stranger";
    const token = find(`[name=${TOKEN}]`, page)?.value;
    if (!token) return "failed";
    for (const field of document.querySelectorAll(`[name=${TOKEN}]`)) field.value = token;
    return "";
  };
  // The server's answer, or the name of the sentence that tells why there is none.
  const post = async (form, data, mayRenew = true) => {
    const headers = { Accept: "application/json" };
    const answer = await request(form, { method: "POST", body: data, headers });
    if (isEnded(answer)) return "ended";
    if (answer.status === 403) {
      const why = mayRenew ? await renewToken(form) : "forbidden";
      if (why) return why;
      data.set(TOKEN, form.elements[TOKEN].value);
      return post(form, data, false);
    }
    if (answer.status === 429 || answer.status === 503) return "busy";
    if (![200, 409, 422].includes(answer.status)) return "failed";
    return { ...await answer.json(), status: answer.status };
  };

  // What follows from the answer

  const announce = (form, kind, detail) =>
    form.dispatchEvent(new CustomEvent(`compose:${kind}`, { bubbles: true, detail }));
  const placed = (form, answer, data) => {
    form.dataset.key = form.elements.key.value = answer.key;
    const { batch, url } = answer, isUnchanged = isSame(form, data);
    announce(form, answer.status === 200 ? "sent" : "sent-before", { batch, url, isUnchanged });
    for (const live of document.querySelectorAll("#live")) htmx.trigger(live, "wake");
  };
  const correct = (form, answer, data) => {
    if (!isSame(form, data)) return tellFailure(form, "overtaken");
    if (!answer.body) return;
    const body = find("#compose-body", form);
    htmx.swap(body, answer.body, { swapStyle: htmx.config.defaultSwapStyle });
    const wrong = find("[autofocus], .is-invalid", body);
    wrong?.closest("details")?.setAttribute("open", "");
    wrong?.focus();
  };
  const receive = (form, answer, data) => {
    if (typeof answer === "string") return tellFailure(form, answer);
    tell(form, ...parsed(answer.outcome));
    if (answer.status === 422) correct(form, answer, data);
    else placed(form, answer, data);
  };

  const hold = (form, isHeld) => {
    form.classList.toggle("is-sending", isHeld);
    find("#generate", form).setAttribute("aria-disabled", String(isHeld)); // which keeps the focus
  };
  const send = async (form) => {
    hold(form, true);
    const body = find("#compose-body", form), isRenewed = body.classList.contains("htmx-request");
    htmx.trigger(body, "htmx:abort"); // a form renewed meanwhile would count as changed
    announce(form, "sending");
    const data = entered(form);
    tell(form, sentence(form, "sending"));
    let answer;
    try {
      answer = await post(form, data);
    } catch (error) {
      answer = error instanceof SyntaxError ? "failed" : "offline";
    }
    receive(form, answer, data);
    if (isRenewed && answer.status !== 422) body.dispatchEvent(new Event("compose:ask"));
    setTimeout(() => hold(form, false), answer.key ? DOUBLE_CLICK : 0);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!isOrder(form, event.submitter)) return;
    event.preventDefault();
    if (form.classList.contains("is-sending")) return;
    if (form.getAttribute("aria-busy") === "true") tellFailure(form, "uploading");
    else send(form);
  }, true);
})();
