/** Colours of both schemes; the sizes are those of a projector. */
export const style = `
:root { --paper: #fffefa; --ink: #1d2733; --soft: #5b6876; --line: #c9d1d9; --host: #eef3f9; --box: #ffffff; --guest: #e9f5e6;
  --gate: #fdf1dc; --on: #1f6feb; --dnat: #b45309; --snat: #a21caf; --bad: #c62828; color-scheme: light; }
:root[data-theme="dark"] { --paper: #11161d; --ink: #e8edf3; --soft: #9aa7b5; --line: #3a4653; --host: #1a222d; --box: #222c38;
  --guest: #1b2a20; --gate: #33291a; --on: #6cb0ff; --dnat: #ffb454; --snat: #f08cff; --bad: #ff7b72; color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.45 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
header { display: flex; justify-content: space-between; align-items: center; padding: 10px 24px 0; }
h1 { margin: 0; font-size: 24px; }
main { padding: 0 24px 24px; max-width: 1500px; margin: 0 auto; }
button { font: inherit; color: inherit; background: var(--box); border: 1px solid var(--line); border-radius: 8px; padding: 4px 13px; min-width: 46px; cursor: pointer; }
button:hover, button:focus-visible { border-color: var(--on); outline: none; }
#controls { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; }
#controls strong { margin-left: 12px; font-size: 20px; overflow-wrap: anywhere; }
#controls small { margin-left: auto; color: var(--soft); }
#play { min-width: 62px; background: var(--on); border-color: var(--on); color: var(--paper); }
#caption { min-height: 5.2em; margin: 10px 0; padding: 10px 14px; border-left: 5px solid var(--line); background: var(--host); border-radius: 0 8px 8px 0; }
#caption code { display: block; font-size: 15px; overflow-wrap: anywhere; }
#caption.DNAT { border-color: var(--dnat); } #caption.SNAT { border-color: var(--snat); } #caption.bad { border-color: var(--bad); }
#tables { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 20px; }
@media (max-width: 900px) { #tables { grid-template-columns: minmax(0, 1fr); } }
.scroll { overflow: auto; max-height: 44vh; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th { position: sticky; top: 0; background: var(--host); text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: 4px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
td { font-family: ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
#list td:nth-child(-n+2), #way td:nth-child(n+4) { white-space: nowrap; overflow-wrap: normal; }
#list tbody tr { cursor: pointer; }
#list tbody tr:hover { background: var(--host); }
tr.chosen { background: color-mix(in srgb, var(--on) 18%, transparent); }
.DNAT { color: var(--dnat); } .SNAT { color: var(--snat); } #caption.DNAT, #caption.SNAT, #caption.bad { color: inherit; }
.chip { border: 1px solid currentColor; border-radius: 9px; padding: 0 7px; margin-right: 4px; white-space: nowrap; }
#scene { display: block; width: 100%; height: auto; max-height: 56vh; }
#scene text { font: 16px system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; fill: var(--ink); text-anchor: middle; }
#scene .soft { fill: var(--soft); font-size: 14px; }
#scene .mono { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
#scene .box { fill: var(--box); stroke: var(--line); stroke-width: 1.5; }
#scene .host { fill: var(--host); } #scene .guest { fill: var(--guest); } #scene .gate { fill: var(--gate); }
#scene .cable { fill: none; stroke: var(--line); stroke-width: 4; stroke-linejoin: round; }
#scene .trail { fill: none; stroke: var(--on); stroke-width: 5; stroke-linejoin: round; stroke-linecap: round; }
#scene .here { stroke: var(--on); stroke-width: 3.5; }
#scene .gate.here { stroke: var(--dnat); }
#scene .envelope { fill: var(--box); stroke: var(--on); stroke-width: 2.5; }
#scene .packet text { font-size: 15px; text-anchor: start; }
#scene .packet .name { fill: var(--soft); font-size: 13px; }
#scene .DNAT { fill: var(--dnat); font-weight: 700; } #scene .SNAT { fill: var(--snat); font-weight: 700; }
#scene .dot { fill: var(--on); } #scene .bad { fill: var(--bad); font-size: 34px; font-weight: 700; }
`;
