"""The page of ``report``, as a Jinja2 template: styles inside, light and dark, and for paper."""

TEMPLATE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>ttinspect: {{ title }}</title>
<style>
:root { color-scheme: light dark; --text: #1c1c1c; --page: #fff; --line: #ccc; --dim: #666; --soft: #f4f4f4; }
@media screen and (prefers-color-scheme: dark) {
  :root { --text: #e4e4e4; --page: #1b1b1b; --line: #444; --dim: #a0a0a0; --soft: #262626; }
}
body { font: 14px/1.45 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 2em auto;
  max-width: 75em; padding: 0 1em; }
h1 { margin: 0 0 .2em; font-size: 1.6em; } h2 { margin: 1.8em 0 .5em; font-size: 1.15em; }
.dim { color: var(--dim); } .verdict { font-size: 1.2em; font-weight: bold; margin: .6em 0; }
.pass { color: #2e8540; } .warn, .warning { color: #b36b00; } .fail, .error, .lost { color: #c62828; }
.inconclusive { color: #8e44ad; } .info { color: var(--dim); }
@media screen and (prefers-color-scheme: dark) {
  .pass { color: #6cc07a; } .warn, .warning { color: #e0a040; } .fail, .error, .lost { color: #ff7b72; }
  .inconclusive { color: #c79be0; }
}
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2em .7em .2em 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: normal; }
details { margin: .3em 0; border-bottom: 1px solid var(--line); padding-bottom: .3em; }
summary { cursor: pointer; } dl { margin: .4em 0 .4em 1.5em; } dt { color: var(--dim); } dd { margin: 0 0 .4em; }
figure { display: inline-block; margin: 0 1.2em 1.2em 0; background: #fff; color: #222; padding: .5em;
  max-width: 100%; vertical-align: top; } figcaption { color: #555; font-size: .9em; } img { max-width: 100%; }
@media print {
  :root { color-scheme: light; } body { margin: 0; max-width: none; } figure, tr, dl { break-inside: avoid; }
  h2 { break-after: avoid; } details::details-content { display: block; content-visibility: visible; height: auto; }
}
</style>
</head>
<body>
<h1>{{ title }}</h1>
<div class="dim">{{ source }} · {{ when }} · ttinspect {{ version }}</div>
<div class="verdict {{ verdict }}">{{ verdict | upper }}: {{ says }}{% if counts %} ({{ counts }}){% endif %}</div>
{% if totals %}
<h2>Totals</h2>
<table>{% for name, value in totals %}<tr><th>{{ name | replace("_", " ") }}</th><td>{{ value }}</td></tr>{% endfor %}</table>
{% endif %}
{% if findings %}
<h2>What was found</h2>
{% for one in findings %}
<details{% if one.open %} open{% endif %}>
<summary><b class="{{ one.severity }}">{{ one.severity }}</b> <b>{{ one.id }}</b> {{ one.about }}: {{ one.message }}</summary>
<dl><dt>{{ one.name }}</dt><dd>{{ one.meaning }}</dd><dt>Cause</dt><dd>{{ one.cause }}</dd>
<dt>Next step</dt><dd>{{ one.remedy }}</dd></dl>
</details>
{% endfor %}
{% endif %}
{% if chips %}
<h2>Chips</h2>
<div class="wide"><table><tr>{% for name in headings %}<th>{{ name }}</th>{% endfor %}</tr>
{% for chip in chips %}
<tr>{% for cell in chip.cells %}<td{% if loop.last %} class="{{ chip.state }}"{% endif %}>{{ cell }}</td>{% endfor %}</tr>
{% if chip.why %}<tr><td></td><td colspan="{{ headings | length - 1 }}" class="lost">{{ chip.why }}</td></tr>{% endif %}
{% endfor %}
</table></div>
{% endif %}
{% if cores %}
<h2>Cores</h2>
<div class="wide"><table>
<tr>{% for name in core_headings %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in cores %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% endif %}
{% if processes %}
<h2>Processes</h2>
<table><tr><th>chip</th><th>pid</th><th>process</th><th>L1</th><th>DRAM</th><th></th></tr>
{% for row in processes %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table>
{% endif %}
{% if groups %}
<h2>Groups of equal hosts</h2>
<div class="wide"><table><tr><th>hosts</th><th>boards</th><th>firmware</th><th></th><th>names</th></tr>
{% for row in groups %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% endif %}
{% if hosts %}
<h2>Hosts</h2>
<div class="wide"><table><tr><th>host</th><th>chips</th><th>boards</th><th>taken</th><th>findings</th></tr>
{% for row in hosts %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% endif %}
{% if pictures %}
<h2>Pictures</h2>
{% for one in pictures %}
<figure><figcaption>{{ one.title }}</figcaption><img alt="{{ one.title }}" src="{{ one.uri }}"></figure>
{% endfor %}
{% endif %}
{% if left_out %}
<p class="dim">Left out: {{ left_out | join("; ") }}.</p>
{% endif %}
</body>
</html>
"""
