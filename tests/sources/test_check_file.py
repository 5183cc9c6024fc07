"""Check files: small, typed, and every error says where."""

import json

import jsonschema
import pytest
import yaml

from ttinspect.answers.schemas import schema_of
from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.check_file import read_check_file, read_expectations

WRONG = {
    "each:\n  corse: 3\n": ("line 2: each.corse", "did you mean cores?"),
    "chips: 8\neach:\n  cores: abc\n": ("line 3: each.cores", "found 'abc', expected a whole number"),
    "each:\n  cores: {min: 3, mux: 4}\n": ("line 2: each.cores.mux", "did you mean max?"),
    "by_chip:\n  0000:41:00.0:\n    grid: 12\n": (
        "line 3: by_chip.0000:41:00.0.grid",
        "expected WIDTHxHEIGHT",
    ),
    "by_chip:\n  3:\n    cores: -3\n": ("line 3: by_chip.3.cores", "from 0 on"),
    "links:\n  - [0, 8, 1, 0]\n  - [0, 8, 1]\n": ("line 3: links[1]", "[chip, channel, chip, channel]"),
    "boards:\n  px: {chips: 3}\n": ("line 2: boards.px", "neither a board"),
    "each:\n  board: px\n": ("line 2: each.board", "UMD knows no board 'px'"),
    "each: {}\n": ("line 1: each", "it expects nothing"),
    "boards: {}\n": ("line 1: boards", "expected a mapping"),
    "each:\n  firmware: 19.5\n": ("line 2: each.firmware", "found 19.5"),
    "each:\n  asic_celsius: {}\n": ("line 2: each.asic_celsius", "needs min or max"),
    "chips: {min: 5, max: 2}\n": ("line 1: chips", "min 5 is greater than max 2"),
    "each:\n  cores:\n  grid: 8x8\n": ("line 2: each.cores", "it has no value"),
    "chips:\neach: {cores: 3}\n": ("line 1: chips", "it has no value"),
    "chips: {min: 1, max: }\n": ("line 1: chips.max", "it has no value"),
    "regions: dirty\n": ("line 1: regions", "'dirty'"),
    "chips: 8\nchips: 9\n": ("line 2", "repeated"),
    "{}\n": ("site.yaml", "it expects nothing, and would pass on any machine"),
    "product: false\n": ("site.yaml", "it expects nothing"),
    "": ("site.yaml", "expected a check file"),
    'by_chip:\n  "0": {cores: 1}\n  0: {cores: 2}\n': ("line 3: by_chip.0", "0 is there twice"),
    'by_chip:\n  0: {cores: 1}\n  "0x0": {cores: 2}\n': ("line 3: by_chip.0", "0 is there twice"),
    'by_chip:\n  "\\e[31mred": {cores: 1}\n': ("line 1: by_chip", "without control characters"),
    "by_chip:\n  0x8022468acf00: {cores: a}\n": ("line 2: by_chip.140884700745472.cores", "found 'a'"),
    "each:\n  firmware: {min: 19.5.0, max: 18.0.0}\n": ("line 2: each.firmware", "min 19.5.0 is greater"),
    "each:\n  firmware: 19.5.0.x\n": ("line 2: each.firmware", "expected a version of three numbers"),
    "each:\n  grid: 012x10\n": ("line 2: each.grid", "expected WIDTHxHEIGHT"),
    "each:\n  grid: 12X10\n": ("line 2: each.grid", "expected WIDTHxHEIGHT"),
    "each:\n  cores: 99999999999999999999\n": ("line 2: each.cores", "expected a smaller number"),
    "1: 2\n": ("line 1: 1", "found 1 as a key, expected text"),
    "each:\n  1: 2\n": ("line 2: each.1", "found 1 as a key"),
    "by_chip:\n  0: {null: 2}\n": ("line 2: by_chip.0", "found nothing as a key"),
    "by_chip:\n  true: {cores: 1}\n": ("line 2: by_chip.True", "found True as a key"),
    "by_chip:\n  1.5: {cores: 1}\n": ("line 2: by_chip.1.5", "found 1.5 as a key"),
    "by_chip:\n  -1: {cores: 1}\n": ("line 2: by_chip.-1", "'-1' is no chip id"),
    'by_chip:\n  "": {cores: 1}\n': ("line 2: by_chip.", "'' is no chip id"),
    "by_chip:\n  left: {cores: 1}\n": ("line 2: by_chip.left", "'left' is no chip id"),
    "by_chip: {0: }\n": ("line 1: by_chip.0", "it has no value"),
    "links:\n  - [a, 0, 1, 0]\n": ("line 2: links[0][0]", "'a' is no chip id"),
    "links:\n  - [0, 0, true, 0]\n": ("line 2: links[0][2]", "found True, expected a chip"),
    "links: []\nchips: 3\n": ("line 1: links", "it has no value"),
    'each:\n  grid: "8x8\\n"\n': ("line 2: each.grid", "without control characters"),
    "each:\n  grid: 8\n": ("line 2: each.grid", "found 8, expected WIDTHxHEIGHT"),
    "each:\n  firmware: 19\n": ("line 2: each.firmware", "a version of three numbers"),
    "chips: {min: -5}\n": ("line 1: chips.min", "from 0 on"),
    "chips: {max: -5}\n": ("line 1: chips.max", "from 0 on"),
    "chips: {min: 0}\n": ("line 1: chips", "checks nothing"),
    "each:\n  cores: {min: 0.0}\n": ("line 2: each.cores", "checks nothing"),
    "each:\n  cores: {max: .inf}\n": ("line 2: each.cores.max", "expected a number"),
    "each:\n  asic_celsius: {max: 9.9e+999}\n": ("line 2: each.asic_celsius.max", "a finite number"),
    "each:\n  firmware: {min: 0.0.0}\n": ("line 2: each.firmware", "checks nothing"),
    "each:\n  asic_celsius: {min: -300}\n": ("line 2: each.asic_celsius.min", "from -273.15 on"),
    "boards: {n300: {chips: {min: 0}}}\n": ("line 1: boards.n300", "it expects nothing"),
    "regions: clear\n": ("line 1: regions", "found 'clear', expected clean or pass"),
    "bychip:\n  0: {cores: 1}\n": ("line 1: bychip", "did you mean by_chip?"),
    "each: [1]\n": ("line 1: each", "found a list of 1, expected a mapping, such as {cores: 120}"),
    "each: 5\n": ("line 1: each", "found 5, expected a mapping, such as {cores: 120}"),
    'boards: {n300: "P150"}\n': ("line 1: boards.n300", "expected a mapping, such as {cores: 120}"),
    "boards: {n300: {chips: [1]}}\n": ("line 1: boards.n300.chips", "or a mapping with min or max"),
    'chips: 1\neach:\n  board: "\x01"\n': ("site.yaml, line 3", "control characters are not allowed"),
    "each:\n  power_w: {min: a}\n": ("line 2: each.power_w.min", "found 'a', expected a number"),
}


@pytest.mark.parametrize("text", WRONG)
def test_an_error_names_line_and_key_path(text: str) -> None:
    where, why = WRONG[text]
    with pytest.raises(InspectError) as caught:
        read_check_file(text.encode(), "site.yaml")
    assert caught.value.exit_code is ExitCode.USAGE
    assert where in caught.value.what
    assert why in caught.value.why


def test_a_byte_that_is_no_utf_8_is_found_on_its_line() -> None:
    with pytest.raises(InspectError) as caught:
        read_check_file(b"chips: 1\neach:\n  board: \xff\n", "site.yaml")
    assert (caught.value.what, "UTF-8" in caught.value.why) == ("site.yaml, line 3", True)


@pytest.mark.parametrize("text", ['{"schema": "ttinspect.snapshot.v1", "x": null}', '{"device_info": []}'])
def test_a_source_is_told_from_a_check_file(text: str) -> None:
    with pytest.raises(InspectError) as caught:
        read_check_file(text.encode(), "s.json")
    assert (caught.value.what, caught.value.next_step) == ("s.json", "ttinspect check --from s.json")


@pytest.mark.parametrize("text", ["each:\n  arch: foo\n", "by_chip:\n  0:\n    arch: foo\n"])
def test_an_unsupported_architecture_is_7(text: str) -> None:
    with pytest.raises(InspectError) as caught:
        read_check_file(text.encode(), "site.yaml")
    assert caught.value.exit_code is ExitCode.UNSUPPORTED_ARCH
    line = text.count("\n")
    assert f"site.yaml, line {line}: " in caught.value.what
    assert caught.value.what.endswith("arch")


WHOLE = """\
chips: 8
product: true
regions: clean
each:
  arch: blackhole
  board: p150
  grid: 12x10
  cores: {min: 110}
  l1_bytes: 188743680
  dram_bytes: {min: 1, max: 34359738368}
  eth_links: 4
  firmware: {min: 19.0.0, max: 19.9.0}
  asic_celsius: {max: 75.5}
  board_celsius: {max: 70}
  gddr_celsius: {max: 80}
  aiclk_mhz: {min: 500}
  power_w: {max: 300}
boards:
  p150: {chips: 8}
  "4402341478400": {cores: 120}
by_chip:
  0: {firmware: 19.6.0}
  0000:41:00.0: {cores: 120}
links:
  - [0, 8, "0000:41:00.0", 1]
"""


def test_the_schema_accepts_what_the_reader_accepts() -> None:
    schema = schema_of("check-file")
    read_check_file(WHOLE.encode(), "site.yaml")
    plain = json.loads(json.dumps(yaml.load(WHOLE, Loader=yaml.BaseLoader)))
    plain = {**plain, **json.loads('{"chips": 8, "product": true}')}
    plain["each"] = {"cores": {"min": 110}, "grid": "12x10", "firmware": {"min": "19.0.0"}}
    plain["boards"], plain["by_chip"] = {"p150": {"chips": 8}}, {"0": {"firmware": "19.6.0"}}
    plain["links"] = [[0, 8, "0000:41:00.0", 1]]
    jsonschema.validate(plain, schema)


RIGHT_DOCUMENTS = (
    '{"each": {"arch": "Wormhole"}}',
    '{"each": {"arch": "wormhole_b0", "board": "P150a"}}',
    '{"each": {"firmware": "19.5.0.0"}}',
    '{"boards": {"N300": {"chips": 2}, "0x400000000001": {"cores": 3}}}',
    '{"by_chip": {"17716556166399396846": {"cores": 3}, "0x1": {"grid": "8x8"}}}',
    '{"by_chip": {"/dev/tenstorrent/3": {"cores": 3}, "0000:41:00.0": {"cores": {"max": 1.5}}}}',
    '{"links": [[17716556166399396846, 8, "0000:41:00.0", 1], [0, 1, "1", 2]]}',
    '{"product": true}',
    '{"product": false, "chips": 3}',
    '{"regions": "pass"}',
    '{"chips": {"min": 0, "max": 3}}',
    '{"each": {"asic_celsius": {"min": -5}}}',
    '{"each": {"asic_celsius": {"min": 0}}}',
    '{"each": {"firmware": {"min": "0.0.0", "max": "19.0.0"}}}',
    '{"boards": {"n300": {"chips": {"min": 0}, "cores": 64}}}',
    '{"boards": {"n300": {"chips": {"min": 0, "max": 2}}}}',
)
WRONG_DOCUMENTS = (
    "{}", "[]", '{"product": false}', '{"chips": null}', '{"chips": {}}', '{"chips": -1}', '{"chips": true}',
    '{"chips": "x"}', '{"each": {}}', '{"each": null}', '{"boards": {}}', '{"by_chip": {}}', '{"links": []}',
    '{"boards": {"n300": {}}}', '{"boards": {"n301": {"chips": 1}}}', '{"by_chip": {"": {"cores": 1}}}',
    '{"by_chip": {"-1": {"cores": 1}}}', '{"by_chip": {"left": {"cores": 1}}}', '{"by_chip": {"0": null}}',
    '{"each": {"corse": 3}}', '{"each": {"arch": "foo"}}', '{"each": {"arch": 3}}', '{"each": {"board": "px"}}',
    '{"each": {"firmware": "19.5"}}', '{"each": {"firmware": {}}}', '{"each": {"grid": "012x8"}}',
    '{"each": {"asic_celsius": 3}}', '{"each": {"cores": {"min": null}}}', '{"each": {"cores": 1.5}}',
    '{"links": [[0, 8, 1]]}', '{"links": [["a", 8, 1, 0]]}', '{"links": [[0, -8, 1, 0]]}',
    '{"links": [[0, 8, true, 0]]}', '{"regions": "dirty"}', '{"1": 2}',
    '{"chips": {"min": 0}}', '{"chips": {"min": -1, "max": 3}}', '{"boards": {"n300": {"chips": {"max": -1}}}}',
    '{"each": {"cores": {"min": 0.0}}}', '{"each": {"asic_celsius": {"min": -300}}}',
    '{"each": {"firmware": {"min": "0.0.0"}}}', '{"boards": {"n300": {"chips": {"min": 0}}}}',
    '{"boards": {"n300": {"cores": {"min": 0}}}}',
)  # fmt: skip


@pytest.mark.parametrize("text", RIGHT_DOCUMENTS)
def test_what_the_schema_accepts_is_read(text: str) -> None:
    jsonschema.validate(json.loads(text), schema_of("check-file"))
    read_check_file(text.encode(), "site.json")


@pytest.mark.parametrize("text", WRONG_DOCUMENTS)
def test_what_is_refused_the_schema_refuses_too(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(text), schema_of("check-file"))
    with pytest.raises(InspectError):
        read_check_file(text.encode(), "site.json")


def test_json_is_a_check_file_too() -> None:
    assert read_check_file(b'{"chips": 8}', "site.json").file.chips == 8


@pytest.mark.parametrize(
    "pair",
    [
        "cores",
        "=3",
        "cores=abc",
        "corse=1",
        "chips=x",
        "cores=..",
        "grid=12",
        "chips=0..",
        "power_w=..9.9e999",
    ],
)
def test_a_wrong_pair_is_refused(pair: str) -> None:
    with pytest.raises(InspectError) as caught:
        read_expectations([pair])
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("pair", "where", "why"),
    [
        ("grid=8", "--expect: grid", "found 8, expected WIDTHxHEIGHT, such as 12x10"),
        ("firmware=19.5", "--expect: firmware", "such as 19.5.0 or a range, LOW..HIGH"),
        ("each=3", "--expect: each", "unknown key 'each'"),
        ("foo=3", "--expect: foo", "motherboard, chips, regions"),
        ("regions=clear", "--expect: regions", "expected clean or pass"),
        ("asic_celsius=50", "--expect: asic_celsius", "found 50, expected a range, LOW..HIGH"),
    ],
)
def test_a_wrong_pair_is_named_as_it_was_typed(pair: str, where: str, why: str) -> None:
    with pytest.raises(InspectError) as caught:
        read_expectations([pair])
    assert (caught.value.what, why in caught.value.why) == (where, True)


def test_a_pair_that_is_given_twice_is_refused() -> None:
    with pytest.raises(InspectError, match="given twice"):
        read_expectations(["cores=1", "cores=2"])
