// The first run offers the browser's own time zone.
const zone = document.querySelector('select[name="timezone"]');
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && zone.value === "UTC" && [...zone.options].some((o) => o.value === here)) zone.value = here;
