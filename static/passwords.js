// Shows what is typed into a password's field, until its form is sent.
(() => {
  for (const button of document.querySelectorAll(".secret-show")) {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    if (!input) continue;
    const show = (shown) => {
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    };
    button.hidden = false;
    button.addEventListener("click", () => show(input.type === "password"));
    // Browsers offer to keep a password only where it is sent as one.
    input.form?.addEventListener("submit", () => show(false));
  }
})();
