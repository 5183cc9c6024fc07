"""A check file as YAML."""

from typing import Any

import yaml

from ttinspect.model.system import Source
from ttinspect.report.common import source_line


def check_file_yaml(document: dict[str, Any], source: Source) -> str:
    """The file with a head that says what it is and what else it can hold."""
    body = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return f"""\
# What this machine should be. Check it with: ttinspect check THIS_FILE
# {source_line(source).plain}
# each: every chip; boards: by board or board id; by_chip: by chip id, PCI BDF, unique id. All keys, and for
# an editor: ttinspect schema check-file. A number may be a range: {{min: 110, max: 120}}.
{body}"""
