namespace Overlay.Bench.Reports.Page;

/// <summary>
/// How the page looks, on light and on dark screens and on paper. The colours are Okabe's and Ito's, which people tell
/// apart whatever colours they see; for lines on white, darker. No sign in it needs escaping.
/// </summary>
internal static class PageStyle
{
    internal const string Text = """

        :root { color-scheme: light dark; --fg: #1b1f24; --soft: #57606a; --bg: #ffffff; --line: #d8dee4; --note: #fff4d6; --edge: #24292f;
          --kernel: #8a929b; --engine: #0072b2; --ablation: #56b4e9; --peer: #e69f00;
          --c0: #1b1f24; --c1: #b06a00; --c2: #2487c0; --c3: #00795a; --c4: #0a4f9e; --c5: #c2410c; --c6: #a8527f; }
        @media (prefers-color-scheme: dark) {
          :root { --fg: #e6edf3; --soft: #9aa5b1; --bg: #0d1117; --line: #30363d; --note: #3a2f10; --edge: #0d1117;
            --kernel: #8b949e; --engine: #3d9be0; --ablation: #9fd3f2; --peer: #e69f00;
            --c0: #f0f6fc; --c1: #e69f00; --c2: #56b4e9; --c3: #1fbf92; --c4: #7aa7ff; --c5: #ff7a33; --c6: #e39ac4; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 1240px; margin: 0 auto; padding: 16px; }
        h1 { font-size: 26px; line-height: 1.25; margin: 12px 0 4px; }
        h2 { font-size: 20px; line-height: 1.3; margin: 44px 0 6px; padding-top: 12px; border-top: 1px solid var(--line); }
        h3 { font-size: 16px; margin: 20px 0 6px; }
        p { margin: 6px 0; max-width: 78ch; }
        p, li, dd, h1 { overflow-wrap: anywhere; }
        li { max-width: 78ch; } .notes li { max-width: none; }
        .soft, small, figcaption small { color: var(--soft); }
        .notes { list-style: none; margin: 12px 0; padding: 8px 12px; background: var(--note); border-radius: 6px; }
        blockquote { margin: 8px 0; padding: 2px 14px; border-left: 4px solid var(--peer); font-style: italic; max-width: 78ch; }
        code, .chart text, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        code { font-size: 0.92em; overflow-wrap: anywhere; }
        .wide { overflow-x: auto; margin: 10px 0; }
        .wide:focus-visible { outline: 2px solid var(--engine); }
        table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
        th, td { padding: 4px 10px; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); }
        th { font-weight: 600; }
        thead th { vertical-align: bottom; min-width: 84px; border-bottom: 2px solid var(--soft); }
        th[scope="row"], thead th:first-child { text-align: left; white-space: nowrap; position: sticky; left: 0; background: var(--bg); }
        th[scope="row"] { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-weight: 400; }
        td { white-space: nowrap; }
        td small { display: block; font-size: 11px; }
        .dense table { font-size: 12px; }
        .dense th, .dense td { padding: 3px 6px; }
        .dense thead th { min-width: 62px; }
        .dense td small { font-size: 10px; }
        .dense th[scope="row"] { white-space: normal; overflow-wrap: anywhere; min-width: 130px; max-width: 190px; }
        .dense td:nth-child(3), .dense td:nth-child(7) { font-weight: 600; }
        details { margin: 12px 0; } summary { cursor: pointer; font-weight: 600; }
        .text td { text-align: left; white-space: normal; min-width: 80px; } .text td:last-child { min-width: 150px; }
        .text thead th { text-align: left; }
        @media (max-width: 600px) { th[scope="row"] { white-space: normal; overflow-wrap: anywhere; min-width: 110px; max-width: 130px; } }
        .panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(350px, 100%), 1fr)); gap: 20px 36px; }
        .panels.two { grid-template-columns: repeat(auto-fill, minmax(min(480px, 100%), 1fr)); }
        figure { margin: 8px 0; min-width: 0; }
        figcaption { font-weight: 600; margin-bottom: 4px; }
        .chart { display: block; overflow: visible; }
        .chart text { font-size: 11.5px; fill: var(--fg); }
        .chart .value, .chart .axis text { fill: var(--soft); }
        .chart .axis text { font-size: 11px; }
        .axis line { stroke: var(--line); stroke-width: 1; }
        .part { stroke: var(--bg); stroke-width: 0.6; }
        .kernel { fill: var(--kernel); background: var(--kernel); } .engine { fill: var(--engine); background: var(--engine); }
        .ablation { fill: var(--ablation); background: var(--ablation); } .peer { fill: var(--peer); background: var(--peer); }
        .s1 { fill: #e69f00; background: #e69f00; } .s2 { fill: #56b4e9; background: #56b4e9; } .s3 { fill: #009e73; background: #009e73; }
        .s4 { fill: #f0e442; background: #f0e442; } .s5 { fill: #cc79a7; background: #cc79a7; } .s6 { fill: #d55e00; background: #d55e00; }
        .s7 { fill: #b9bfc6; background: #b9bfc6; } .s8 { fill: #7f8ea3; background: #7f8ea3; } .s9 { fill: #d8c9a3; background: #d8c9a3; }
        .chart text.key { fill: #000000; font-size: 10px; }
        .whisker { stroke: var(--fg); stroke-width: 1.4; } .halo { stroke: var(--bg); stroke-width: 3.4; }
        .key-list, .legend { list-style: none; margin: 8px 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; }
        .legend svg { vertical-align: middle; }
        .key-list span { display: inline-block; width: 16px; height: 14px; line-height: 14px; text-align: center; font-size: 10px; color: #000000;
          margin-right: 4px; border-radius: 2px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        .curve { stroke-width: 1.8; fill: none; } .range { stroke-width: 1; opacity: 0.45; } .leader { stroke-width: 0.8; opacity: 0.6; }
        .mark { stroke: var(--bg); stroke-width: 0.8; }
        .d1.curve { stroke-dasharray: 6 3; } .d2.curve { stroke-dasharray: 2 3; }
        .c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .c3 { stroke: var(--c3); }
        .c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); } .c6 { stroke: var(--c6); }
        .mark.c0 { fill: var(--c0); stroke: var(--bg); } .mark.c1 { fill: var(--c1); stroke: var(--bg); } .mark.c2 { fill: var(--c2); stroke: var(--bg); }
        .mark.c3 { fill: var(--c3); stroke: var(--bg); } .mark.c4 { fill: var(--c4); stroke: var(--bg); } .mark.c5 { fill: var(--c5); stroke: var(--bg); }
        .mark.c6 { fill: var(--c6); stroke: var(--bg); }
        .hidden { position: absolute; }
        dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 16px; margin: 8px 0; font-size: 14px; }
        dt { color: var(--soft); } dd { margin: 0; }
        a { color: var(--engine); }
        @media print { main { max-width: none; } figure, tr { break-inside: avoid; } h2 { break-after: avoid; } }

        """;
}
