/* Passkeys: django-allauth's own scripts call the browser; this connects them with the forms, and
   says why passkeys cannot work where they cannot. */
(() => {
  "use strict";

  const IS_NUMBER = /^[\d.]+$|^\[/;

  function obstacle(host) {
    if (!window.isSecureContext) return "insecure";
    if (IS_NUMBER.test(location.hostname)) return "number";
    if (host && host !== location.hostname) return "elsewhere";
    return window.PublicKeyCredential ? "" : "unsupported";
  }

  function start(form) {
    const wants = form.dataset.passkey;
    const id = (name) => form.querySelector(`[data-part="${name}"]`)?.id;
    const ids = { [wants]: id("go"), credential: id("credential"), passwordless: id("alone"), data: form.dataset.options };
    window.allauth.webauthn.forms[`${wants}Form`]({ ids });
  }

  function tell(form, why) {
    for (const note of form.querySelectorAll("[data-why]")) note.hidden = note.dataset.why !== why;
  }

  function whyOf(exception) {
    const known = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known" };
    return known[exception?.name] || "failed";
  }

  document.addEventListener("DOMContentLoaded", () => {
    const forms = [...document.querySelectorAll("[data-passkey]")];
    for (const form of forms) {
      const why = obstacle(form.dataset.host);
      form.querySelector('[data-part="go"]').hidden = Boolean(why);
      tell(form, why);
      if (!why) start(form);
    }
    document.addEventListener("allauth.error", (event) => {
      event.preventDefault();
      for (const form of forms) tell(form, whyOf(event.detail.exception));
    });
  });
})();
