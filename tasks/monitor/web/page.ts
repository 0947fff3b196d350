/** The page of `web`. @module */
import { SCRIPT } from "./page_script.ts";
import { STYLE } from "./page_style.ts";

/** Returns the page for a program of this name. */
export function page(name: string, nonce: string): string {
  const title = escapeHtml(name);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} · tasks</title>
<style nonce="${nonce}">${STYLE}</style>
<header>
  <h1>${title}</h1>
  <p id="status" role="status"></p>
</header>
<main>
  <p id="busy" class="alarm" role="alert" hidden></p>
  <section id="rings" class="alarm" role="alert" aria-label="Rings" hidden></section>
  <dl id="numbers"></dl>
  <form id="tools" role="search">
    <label>Filter <input id="filter" type="search" autocomplete="off" spellcheck="false" placeholder="name or wait ( / )"></label>
    <label>Order <select id="order"><option value="tree">tree</option><option value="wait">longest wait first</option></select></label>
    <label><input id="live" type="checkbox" checked> live</label>
    <button id="cancel" type="button" class="act bad" disabled>Cancel the task…</button>
    <span id="count"></span>
  </form>
  <div class="columns">
    <div class="scroll">
      <table id="tree" role="treegrid" aria-label="Tasks">
        <thead><tr role="row">
          <th role="columnheader" scope="col">Task</th><th role="columnheader" scope="col">Waits for</th>
          <th role="columnheader" scope="col" class="number">For</th><th role="columnheader" scope="col" class="number">Steps/s</th>
          <th role="columnheader" scope="col" class="lane">Last 20 seconds</th>
        </tr></thead>
        <tbody id="rows"></tbody>
      </table>
      <p id="empty" class="empty" hidden>No tasks.</p>
    </div>
    <aside>
      <section aria-labelledby="details-title"><h2 id="details-title">Details</h2>
        <div id="details"><p class="soft">Choose a task.</p></div></section>
      <section aria-labelledby="queues-title"><h2 id="queues-title">Most waiters</h2>
        <table id="queues"><thead><tr><th scope="col">In</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">Longest</th></tr></thead><tbody></tbody></table></section>
      <section aria-labelledby="colours-title"><h2 id="colours-title">Colours</h2><ul id="colours"></ul></section>
    </aside>
  </div>
</main>
<dialog id="confirm" aria-labelledby="confirm-title">
  <form method="dialog">
    <h2 id="confirm-title"></h2>
    <p id="confirm-text"></p>
    <p class="buttons"><button class="act" value="no" autofocus>Keep it</button> <button class="act bad" value="yes">Cancel the task</button></p>
  </form>
</dialog>
<script type="module" nonce="${nonce}">${SCRIPT}</script>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll('"', "&quot;");
}
