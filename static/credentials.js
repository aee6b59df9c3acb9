// Fills in the base URL of a known provider, unless another one was typed, and says which provider
// the address or the key looks like, where another one is chosen.
(() => {
  const provider = document.querySelector("#id_provider");
  const url = document.querySelector("#id_base_url");
  if (!provider || !url) return;
  const key = document.querySelector("#id_key");
  const note = document.querySelector("#looks-like");
  const options = [...provider.options].filter((option) => option.value);
  const known = (option) => option?.dataset.baseUrl || "";
  const chosen = () => provider.selectedOptions[0];
  const presets = () => options.map(known).filter(Boolean);
  const fill = () => {
    const typed = url.value.trim();
    if (!typed || presets().includes(typed)) url.value = known(chosen());
  };

  const host = (address) => {
    try {
      return new URL(address.includes("://") ? address : `${location.protocol}//${address}`).host;
    } catch {
      return "";
    }
  };
  const fits = (option) => {
    const typed = key?.value.trim() || "";
    return option.dataset.key && new RegExp(`^(?:${option.dataset.key})`, "i").test(typed);
  };
  // As tasks/providers/recognition.py does with what the provider answers.
  const likely = () => {
    const now = chosen();
    if (!now?.value) return null;
    const address = host(url.value.trim());
    const others = options.filter((option) => option.dataset.dialect !== now.dataset.dialect);
    const at = others.find((option) => known(option) && host(known(option)) === address);
    if (at) return at;
    if (!key?.value.trim() || !now.dataset.key || fits(now)) return null;
    return options.find(fits) || null;
  };
  const look = () => {
    const found = likely();
    note.hidden = !found;
    if (found) note.querySelector("span").textContent = found.dataset.looksLike;
  };

  provider.addEventListener("change", fill);
  if (!url.value) fill();
  if (!note) return;
  for (const field of [provider, url, key]) field?.addEventListener("change", look);
  note.querySelector("button").addEventListener("click", () => {
    provider.value = likely().value;
    url.value = known(chosen()) || url.value;
    look();
    provider.focus();
  });
  look();
})();
