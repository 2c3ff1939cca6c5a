// The inbox made quick. Without this script every link and form here works the same, a page at a time.
import { followComposer } from "./inbox-composer.js";
import { followDeeds } from "./inbox-deeds.js";
import { followList } from "./inbox-list.js";
import { followNews } from "./inbox-news.js";
import { followOpening } from "./inbox-open.js";
import { followPresence } from "./inbox-presence.js";

const main = document.querySelector("main[data-inbox]");
if (main) {
  followOpening(main);
  followList(main);
  followDeeds(main);
  followComposer(main);
  followNews(main);
  followPresence();
}
