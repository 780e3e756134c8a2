"""How the page looks: calm, readable in grey, at home on a phone, a screen and A4.

No ">" and no "&" in it: the page is XML too.
"""

STYLE = """
:root { --ink: #22302f; --soft: #667573; --line: #dfe5e3; --paper: #ffffff; --wash: #f6f8f7;
  --good: #1d6b63; --wait: #3b6ea5; --bad: #b3402a; --odd: #7a4a86; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--wash); color: var(--ink);
  font: 0.94rem/1.5 "Segoe UI", "Noto Sans", "DejaVu Sans", system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 28px 24px 40px; }
h1 { font-size: 1.7rem; font-weight: 600; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.25rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 1rem; font-weight: 600; margin: 32px 0 10px; }
h4 { font-size: 0.85rem; font-weight: 600; margin: 0 0 4px; text-transform: capitalize; }
p { margin: 6px 0; }
.en { color: var(--soft); font-weight: 400; font-size: 0.88em; }
h1 .en, h2 .en { display: block; font-size: 0.62em; letter-spacing: 0; }
h3 .en { margin-left: 4px; }
td .en, p .en { display: block; }
.soft { color: var(--soft); }
.device { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 24px 28px 28px; margin-top: 22px; }
.verdict { display: flex; gap: 16px; align-items: center; margin: 18px 0 6px; padding: 14px 18px;
  border-radius: 8px; border-left: 6px solid; }
.verdict svg { flex: none; width: 34px; height: 34px; }
.verdict b { display: block; font-size: 1.15rem; font-weight: 600; }
.complete { border-color: var(--good); background: #eaf4f1; }
.incomplete { border-color: var(--bad); background: #fbefeb; }
.cannot_be_said { border-color: var(--wait); background: #edf2f8; }
.facts { display: flex; flex-wrap: wrap; gap: 10px 34px; margin: 14px 0 0; padding: 0; }
.facts div { min-width: 110px; }
.facts dt { color: var(--soft); font-size: 0.8rem; }
.facts dd { margin: 0; font-size: 1.05rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th { text-align: left; font-weight: 600; font-size: 0.82rem; color: var(--soft);
  border-bottom: 1px solid var(--line); padding: 6px 14px 6px 0; vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); padding: 8px 14px 8px 0; vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th.n, .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.z { font-weight: 600; white-space: nowrap; }
.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
.code { font: 0.72rem/1.7 "DejaVu Sans Mono", ui-monospace, monospace; color: var(--soft); }
th.code { font: inherit; font-weight: 600; font-size: 0.82rem; }
p.code { overflow-wrap: anywhere; }
.nowrap { white-space: nowrap; }
.alarm .mark { color: var(--bad); }
.warning .mark { color: #8a5a00; }
.mark { font-weight: 700; margin-right: 6px; }
.calendar { display: grid; grid-template-columns: repeat(auto-fill, minmax(158px, 1fr));
  gap: 18px 22px; margin: 10px 0 0; }
.calendar figure { margin: 0; break-inside: avoid; }
figure { margin: 12px 0 0; }
svg { display: block; }
.calendar svg { width: 100%; max-width: 210px; height: auto; }
svg text { font-family: "Segoe UI", "Noto Sans", "DejaVu Sans", system-ui, sans-serif; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 10px 0 0; padding: 0;
  list-style: none; font-size: 0.86rem; }
.legend li { display: flex; gap: 7px; align-items: center; }
.legend svg { width: 18px; height: 18px; flex: none; }
details { margin: 12px 0 0; border-top: 1px solid var(--line); padding-top: 8px; }
summary { cursor: pointer; }
.wide { overflow-x: auto; }
.wide svg { width: 100%; min-width: 620px; height: auto; }
footer { color: var(--soft); font-size: 0.84rem; margin-top: 24px; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  main { padding: 18px 12px 28px; }
  h1 { font-size: 1.35rem; }
  .device { padding: 18px 16px 20px; }
  .calendar { grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 14px 16px; }
  .cards thead { display: none; }
  .cards tr { display: block; padding: 8px 0; border-bottom: 1px solid var(--line); }
  .cards td { display: block; border: 0; padding: 1px 0; text-align: left; white-space: normal; }
  .cards td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
  .cards td.n { display: inline-block; margin-right: 16px; }
  .cards td:empty { display: none; }
}
@page { size: A4; margin: 14mm 13mm; }
@media print {
  html { font-size: 11px; }
  body { background: #ffffff; print-color-adjust: exact;
    -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  .device { border: 0; border-radius: 0; padding: 10px 0 0; margin-top: 8px; }
  .device + .device { break-before: page; }
  h3 { margin: 18px 0 6px; break-after: avoid; }
  .calendar { grid-template-columns: repeat(6, 1fr); gap: 10px 16px; }
  .wide { overflow: visible; }
  .wide svg { max-height: 62mm; }
  .wide svg { min-width: 0; }
  tr, figure, .verdict { break-inside: avoid; }
}
"""
