/** How the page looks. @module */

/** Light and dark, by the system's colours. */
export const STYLE: string = `
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 18%, Canvas);
  --soft: color-mix(in srgb, CanvasText 65%, Canvas); --accent: light-dark(#2459cf, #7aa7ff); --bad: light-dark(#b3202c, #ff7d84);
  --run: light-dark(#1f9d55, #35c274); --idle: color-mix(in srgb, CanvasText 6%, Canvas); }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0; background: Canvas; color: CanvasText; }
header, main { max-width: 100rem; margin: 0 auto; padding: .8rem 1.5rem; }
header { display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap; padding-bottom: 0; }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: .95rem; margin: 0 0 .4rem; }
#status { color: var(--soft); margin: 0 0 0 auto; }
#status.bad { color: var(--bad); font-weight: 600; }
.soft, .empty { color: var(--soft); }
.empty { padding: 2rem 0; text-align: center; }
.alarm { border: 1px solid var(--bad); color: var(--bad); border-radius: .5rem; padding: .5rem .9rem; margin: 0 0 .8rem; overflow-wrap: anywhere; }
.alarm p { margin: 0; }
#numbers { display: flex; gap: 1.8rem; flex-wrap: wrap; margin: 0 0 .9rem; align-items: flex-end; }
#numbers div { display: flex; flex-direction: column-reverse; }
#numbers dt { color: var(--soft); font-size: .85rem; }
#numbers dd { margin: 0; font-size: 1.35rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
#numbers svg { display: block; }
#numbers rect { fill: var(--accent); }
#tools { display: flex; gap: 1rem; align-items: center; flex-wrap: wrap; margin-bottom: .6rem; }
#tools input[type=search], #tools select { font: inherit; color: inherit; background: Field; border: 1px solid var(--line); border-radius: .4rem; padding: .2rem .5rem; }
#tools input[type=search] { width: 14rem; }
#count { color: var(--soft); margin-left: auto; }
.act { border: 1px solid var(--line); border-radius: .4rem; background: none; color: inherit; font: inherit; padding: .2rem .8rem; cursor: pointer; }
.act:hover:enabled { border-color: currentColor; }
.act.bad:enabled { color: var(--bad); }
.act:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 20rem; gap: 1.8rem; align-items: start; }
@media (max-width: 60rem) { .columns { grid-template-columns: minmax(0, 1fr); } }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; }
th, td { padding: .22rem .6rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
#tree { min-width: 44rem; table-layout: fixed; }
#tree th:nth-child(1) { width: 34%; } #tree th:nth-child(2) { width: 26%; } #tree th:nth-child(3) { width: 5.2rem; } #tree th:nth-child(4) { width: 5rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tbody td { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#rows tr { cursor: default; }
#rows tr:hover { background: color-mix(in srgb, var(--accent) 7%, Canvas); }
#rows tr[aria-selected=true] { background: color-mix(in srgb, var(--accent) 16%, Canvas); }
#rows tr.ring td:nth-child(-n+2) { color: var(--bad); font-weight: 600; }
#rows tr.scope td:first-child, #rows tr.more td:first-child { color: var(--soft); }
#rows td:first-child { padding-left: calc(.4rem + (var(--level) - 1) * 1.15rem); }
.twist { display: inline-block; width: 1.15rem; color: var(--soft); cursor: pointer; }
.id { color: var(--soft); font-variant-numeric: tabular-nums; margin-right: .45em; }
.bar { height: .85rem; border-radius: 2px; background: var(--idle); }
aside section { margin-bottom: 1.4rem; }
#details dl { margin: 0; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .15rem .7rem; }
#details dt { color: var(--soft); } #details dd { margin: 0; overflow-wrap: anywhere; }
#queues td:first-child { white-space: normal; overflow-wrap: anywhere; }
#colours { list-style: none; padding: 0; margin: 0; } #colours span { display: inline-block; width: 1.4rem; height: .8rem; border-radius: 2px; margin-right: .5rem; vertical-align: -1px; }
#colours li { overflow-wrap: anywhere; }
dialog { border: 1px solid var(--line); border-radius: .7rem; padding: 1.2rem 1.4rem; max-width: 32rem; background: Canvas; color: CanvasText; }
dialog::backdrop { background: rgb(0 0 0 / .45); }
dialog h2 { font-size: 1.1rem; overflow-wrap: anywhere; } .buttons { text-align: right; margin: 1rem 0 0; }
`;
