// Facts that only the browser knows: its time zone, and whether it shows notifications.
(() => {
  const find = (selector, within = document) => within.querySelector(selector);

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const places = find("#id_time_zone"), offer = find("[data-zone-offer]");
  const compare = () => { offer.hidden = places.value === zone; };
  if ([...places.options].some((place) => place.value === zone)) {
    find("[data-zone-name]", offer).textContent = zone.replaceAll("_", " ");
    compare();
    places.addEventListener("change", compare);
    find("button", offer).addEventListener("click", () => {
      places.value = zone;
      places.focus();
      compare();
    });
  }

  // Only the button beside the explanation asks for permission.

  const permissions = find("[data-permissions]"), notifies = find("#id_notifies");
  const state = () => {
    if (!isSecureContext) return "insecure";
    return "Notification" in window ? Notification.permission : "missing";
  };
  const show = (now) => {
    for (const each of permissions.children) each.hidden = each.dataset.permission !== now;
  };
  const example = () => {
    const { example: title, exampleWords: body } = permissions.dataset;
    try {
      new Notification(title, { body, silent: true });
    } catch {
      show("missing"); // Chrome on Android has the permission, but shows no notifications of pages
    }
  };
  find("[data-ask-permission]").addEventListener("click", async () => {
    if (await Notification.requestPermission() === "granted") notifies.checked = true;
    show(state());
  });
  find("[data-show-example]").addEventListener("click", example);
  show(state());
})();
