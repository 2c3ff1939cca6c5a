// What every page gains when script runs. Each part is its own module and does nothing where it has nothing to do.
import "./times.js";
import "./forms.js";
import "./menus.js";
import "./toast.js";
import "./keys.js";
import "./list.js";
import "./palette.js";
