// Says on the page that the session has ended: what is shown, typed or playing stays as it is.
// Other scripts whose own requests meet a 401 say so: document.dispatchEvent(new Event("session:ended")).
(() => {
  const note = document.querySelector("#session-ended");
  if (!note) return;
  const root = document.documentElement, link = note.querySelector("a");
  const POLLS = ["live", "header-status"];
  let mayAsk = false; // once more: somebody comes back, who may have signed in on another page

  const end = () => {
    link.search = new URLSearchParams({ next: location.pathname + location.search });
    root.dataset.session = "ended";
    note.hidden = false;
  };
  const goOn = () => {
    delete root.dataset.session;
    note.hidden = true;
    const lost = document.querySelector("#lost");
    if (lost) lost.hidden = true; // the connection was there
  };
  const isSamePerson = () => {
    try { return localStorage.getItem("person") === root.dataset.person; } catch { return true; }
  };
  const comeBack = () => { mayAsk = true; };
  document.addEventListener("session:ended", end);
  document.addEventListener("visibilitychange", comeBack);
  window.addEventListener("focus", comeBack);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (note.hidden || event.defaultPrevented || !POLLS.includes(event.detail.elt.id)) return;
    if (mayAsk && isSamePerson()) mayAsk = false;
    else event.preventDefault();
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.xhr?.status === 401) end();
    else if (detail.successful && !note.hidden) goOn();
  });
})();
