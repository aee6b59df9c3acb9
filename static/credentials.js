// Fills in the base URL of a known provider, unless another one was typed.
(() => {
  const provider = document.querySelector("#id_provider");
  const url = document.querySelector("#id_base_url");
  if (!provider || !url) return;
  const known = (option) => option?.dataset.baseUrl || "";
  const presets = () => [...provider.options].map(known).filter(Boolean);
  const fill = () => {
    const typed = url.value.trim();
    if (!typed || presets().includes(typed)) url.value = known(provider.selectedOptions[0]);
  };
  provider.addEventListener("change", fill);
  if (!url.value) fill();
})();
