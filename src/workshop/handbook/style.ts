import { families } from '../../syscalls/text/fonts.ts';
import { figureRules } from '../figure/svg.ts';

/** The pages' style sheet: light and dark are chosen by the page's script, paper is light. */
export function styleSheet(): string {
  const { base, light, dark } = figureRules();
  const within = (scheme: string, rules: readonly string[]) =>
    rules.map(rule => `:root[data-theme="${scheme}"] ${rule}`);
  return [pages, ...base, ...light, `@media screen {`, ...within('dark', dark), '}', print, ''].join('\n');
}

const pages = `
:root { --paper: #fffefa; --ink: #1d2733; --soft: #5b6672; --line: #d5dbe1; --raised: #f3f6f9; --link: #0b5fb0; --code: #0b5568;
  --block: #f4f3ee; --here: #fff3c9; --mark: #ffe08a; --right: #2f6f17; --wrong: #a82a1b; --brand: #1d4f80; color-scheme: light; }
@media screen { :root[data-theme="dark"] { --paper: #14171c; --ink: #e4e9ef; --soft: #9aa5b1; --line: #333c46; --raised: #1c222a;
  --link: #8cc4ff; --code: #8fd3e6; --block: #1b2027; --here: #3a3216; --mark: #6b5410; --right: #9bdc7d; --wrong: #ff9a8d;
  --brand: #a9cdf2; color-scheme: dark; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.6 system-ui, ${families.text};
  display: grid; grid-template: "bar bar" auto "contents text" 1fr / 19rem minmax(0, 1fr); min-height: 100vh; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; z-index: 5; background: var(--paper); padding: .4rem 1rem; }
button { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: .15rem .8rem; cursor: pointer; }
button:hover { border-color: var(--link); }

.bar { grid-area: bar; position: sticky; top: 0; z-index: 3; display: flex; align-items: center; gap: 1rem; padding: .55rem 1.2rem;
  background: var(--paper); border-bottom: 1px solid var(--line); }
.bar .home { font-weight: 700; text-decoration: none; color: var(--brand); white-space: nowrap; }
.bar #other { white-space: nowrap; }
#menu { display: none; }
.search { position: relative; flex: 1; max-width: 34rem; margin-left: auto; }
.search input { width: 100%; font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: .25rem .8rem; }
#found { position: absolute; z-index: 4; left: 0; right: 0; top: 2.5rem; margin: 0; padding: .3rem; list-style: none; background: var(--paper);
  border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 8px 30px #0004; max-height: 70vh; overflow: auto; }
#found a { display: block; padding: .35rem .7rem; border-radius: 7px; text-decoration: none; color: inherit; }
#found strong { display: block; color: var(--link); }
#found span { font-size: .87em; color: var(--soft); overflow-wrap: anywhere; }
#found [aria-selected=true] a, #found a:hover { background: var(--raised); }
#found .nothing { padding: .4rem .7rem; color: var(--soft); }
mark { background: var(--mark); color: inherit; border-radius: 3px; }

#contents { grid-area: contents; position: sticky; top: 3.3rem; height: calc(100vh - 3.3rem); overflow: auto; padding: .6rem .8rem 2rem; border-right: 1px solid var(--line); font-size: .93rem; }
#contents h2 { margin: 1rem .5rem .3rem; font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); }
#contents ul { list-style: none; margin: 0; padding: 0; }
#contents li > * { display: flex; gap: .6rem; padding: .22rem .5rem; border-radius: 7px; color: inherit; text-decoration: none; line-height: 1.4; }
#contents a:hover { background: var(--raised); }
#contents .here a { background: var(--here); font-weight: 600; }
.number { color: var(--soft); min-width: 1.5em; text-align: right; font-variant-numeric: tabular-nums; font-weight: 400; }
#contents .others { margin-top: 1rem; padding-top: .6rem; border-top: 1px solid var(--line); }

main { grid-area: text; padding: 1.4rem clamp(1rem, 4vw, 3.5rem) 4rem; max-width: 66rem; width: 100%; min-width: 0; }
main { overflow-wrap: break-word; }
main > p, main > ul, main > ol, main > dl, main > .quiz, main > blockquote { max-width: 46rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: .4rem 0 1rem; color: var(--brand); }
main h2 { font-size: 1.4rem; margin: 2.4rem 0 .7rem; padding-top: .5rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; }
code { font-family: ${families.code}; font-size: .88em; color: var(--code); overflow-wrap: anywhere; }
pre { position: relative; background: var(--block); border-radius: 9px; padding: .8rem 1rem; overflow-x: auto; line-height: 1.5; }
p.when { margin: 1rem 0 -.6rem; font-size: .87em; color: var(--soft); }
pre code { color: inherit; overflow-wrap: normal; }
pre.output { border-left: 4px solid var(--line); border-radius: 0 9px 9px 0; }
pre .copy { position: absolute; top: .4rem; right: .4rem; font-size: .8rem; opacity: 0; }
pre:hover .copy, pre .copy:focus-visible { opacity: 1; }
.hljs-comment, .hljs-quote { color: var(--soft); font-style: italic; }
.hljs-keyword, .hljs-built_in, .hljs-type, .hljs-meta { color: var(--link); }
.hljs-string, .hljs-attr { color: var(--right); }
.hljs-number, .hljs-literal, .hljs-variable, .hljs-title { color: var(--wrong); }
blockquote { margin: 1rem 0; padding: .1rem 1rem; border-left: 4px solid var(--line); color: var(--soft); }
.wide { display: block; overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .94em; }
th { text-align: left; color: var(--soft); font-weight: 600; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
.file { border-bottom: 1px dotted var(--soft); }
a.term { color: inherit; text-decoration: underline dotted var(--soft); text-underline-offset: .2em; }
a.term:hover { color: var(--link); }
.facts { color: var(--soft); display: flex; gap: 1.2rem; flex-wrap: wrap; }
.hint { color: var(--soft); }
.figure { display: block; max-width: 100%; height: auto; }
.figure-frame { border: 1px solid var(--line); border-radius: 14px; width: fit-content; max-width: 100%; }
dt { font-weight: 700; margin-top: .8rem; }
dd { margin: .1rem 0 0 1.2rem; }
a.lesson { display: inline-block; min-width: 1.6em; text-align: center; font-size: .8em; line-height: 1.5; border: 1px solid var(--line); border-radius: 999px; text-decoration: none; padding: 0 .4em; }

.quiz { border: 1px solid var(--line); border-radius: 12px; padding: .3rem 1rem 1rem; margin: 1rem 0; background: var(--raised); }
.quiz details { border: 1px solid var(--line); border-radius: 9px; margin-top: .45rem; background: var(--paper); }
.quiz summary { cursor: pointer; padding: .35rem .8rem; }
.quiz details p { margin: 0 1rem .6rem; }
.quiz .right[open] { border-color: var(--right); } .quiz .right strong { color: var(--right); }
.quiz .wrong[open] { border-color: var(--wrong); } .quiz .wrong strong { color: var(--wrong); }

.program { border: 1px solid var(--line); border-radius: 14px; overflow: hidden; }
.stage { padding: .8rem 1rem; background: var(--paper); }
.stage:fullscreen { padding: 2rem 4vw; overflow: auto; font-size: 1.35rem; }
.stage:fullscreen .figure { width: 100%; max-height: 62vh; }
.controls { display: flex; gap: .4rem; align-items: center; flex-wrap: wrap; }
.controls [data-act=play] { min-width: 3.4rem; background: var(--link); color: var(--paper); border-color: var(--link); }
.controls input { flex: 1; min-width: 6rem; accent-color: var(--link); }
.controls .count { color: var(--soft); font-variant-numeric: tabular-nums; }
.caption { min-height: 8.2em; padding: .5rem 0; }
.caption p { margin: .2rem 0; }
.caption .call code { font-size: 1rem; font-weight: 600; }
.caption .call small { display: block; color: var(--soft); }
.caption .changes { margin: .3rem 0; padding-left: 1.2rem; }
.caption .changes li { font-weight: 600; }
.caption .changes .none { color: var(--soft); font-weight: 400; list-style: none; margin-left: -1.2rem; }
.picture { overflow-x: auto; }
.picture .figure { margin: 0 auto; }
.steps { margin: 0; max-height: 24rem; overflow: auto; border-top: 1px solid var(--line); position: relative; }
.ready .step { cursor: pointer; }
.steps thead th { position: sticky; top: 0; background: var(--raised); z-index: 1; }
.steps .section th { background: var(--block); font-size: .85em; }
.steps td:first-child { color: var(--soft); text-align: right; }
.steps td:nth-child(3) code { white-space: nowrap; }
.steps .tolerated code { color: var(--soft); } .steps .refused code { color: var(--wrong); }
.steps small { color: var(--soft); }
.controls .live { margin-left: .4rem; }
.controls button:disabled { opacity: .45; cursor: default; }
.controls svg { width: 1em; height: 1em; vertical-align: -.1em; }
.waits { color: var(--wrong); font-weight: 600; }
.step.done { color: var(--soft); }
.step.here { background: var(--here); }
.evidence .differs td:nth-child(n+2) code { font-weight: 700; } .evidence .same code { color: var(--soft); }

.cards { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .8rem; max-width: none !important; }
.cards li > a { display: flex; flex-direction: column; gap: .25rem; height: 100%; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 12px; background: var(--raised); color: inherit; text-decoration: none; }
.cards a:hover { border-color: var(--link); }
.cards .number { text-align: left; }
.cards strong { color: var(--brand); font-size: 1.05rem; }
.cards span:not(.number) { font-size: .92rem; }
.cards small { margin-top: auto; color: var(--soft); }
.neighbours { display: flex; justify-content: space-between; gap: 1rem; margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }
.neighbours a { text-decoration: none; } .neighbours small { display: block; color: var(--soft); }
.neighbours .next { text-align: right; }

@media (max-width: 60rem) {
  body { grid-template: "bar" auto "text" 1fr / minmax(0, 1fr); }
  #menu { display: block; }
  #contents { display: none; }
  .menu #contents { display: block; position: fixed; left: 0; z-index: 2; width: min(20rem, 85vw); background: var(--paper); box-shadow: 0 8px 30px #0004; }
  .bar { gap: .6rem; padding: .5rem .7rem; } .bar .home { display: none; }
}
`;

const print = `
@media print {
  .bar, #contents, .neighbours, .controls, .caption, .copy, .skip { display: none !important; }
  body { display: block; font-size: 11pt; }
  main { padding: 0; max-width: none; }
  .steps { max-height: none; overflow: visible; } .program { overflow: visible; }
  .steps thead th { position: static; }
  .step.here { background: none; } .steps small { color: var(--soft); }
.controls .live { margin-left: .4rem; }
.controls button:disabled { opacity: .45; cursor: default; }
.controls svg { width: 1em; height: 1em; vertical-align: -.1em; }
.waits { color: var(--wrong); font-weight: 600; }
.step.done { color: inherit; }
  pre, table, .figure, .quiz { break-inside: avoid; } .steps table { break-inside: auto; } tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  pre { white-space: pre-wrap; }
}`;
