"""Tables for people: a spreadsheet sees text as text, what is printed stays on its line, names come back."""

import csv
import subprocess
import sys
from pathlib import Path

from amber_id.cli.shared import say, tell
from amber_id.corpora import read_corpus_file
from amber_id.corpora.corpus_file import merge_corpus_file
from amber_id.file_formats import read_table, write_table
from amber_id.progress import ClipBar
from amber_id.protocols import Split, read_split, write_split
from amber_id.report.drawing.tables import as_csv
from amber_id.score_files.subject_table import read_subject_table

_HOSTILE = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "'=x", "''-x", "'", "'x", "=", "-1e", "--1", "+", "a\nb"]
_PLAIN = ["x", "-1", "+0.5", "-1e-5", "12 %", "-3%", "", "x=1", "a-b", "'quoted'", "é"]


def test_what_a_spreadsheet_would_compute_is_written_as_text_and_comes_back(tmp_path: Path):
    path = tmp_path / "t.csv"
    rows = [(text, -0.5, number) for number, text in enumerate((*_HOSTILE, *_PLAIN))]
    write_table(path, ["name", "change", "=number"], rows)
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "@", "\t", "\r")]
    assert {cell for cell in cells if cell[:1] in ("+", "-")} == {"-0.5", "-1", "+0.5", "-1e-5", "-3%"}
    assert [cell for cell in _PLAIN if cell not in cells] == []
    assert read_table(path, ["name", "change", "=number"]) == [[*map(str, row)] for row in rows]


def test_a_table_made_by_hand_is_read_as_it_stands(tmp_path: Path):
    (tmp_path / "t.csv").write_text("name\n=x\n'x\n''\n")
    assert read_table(tmp_path / "t.csv", ["name"]) == [["=x"], ["'x"], ["''"]]


def test_names_come_back_from_the_tables_that_are_read_again(tmp_path: Path):
    merge_corpus_file(tmp_path, ["clip", "utterance"], {"=a_id1/x": {"clip": "=a_id1/x", "utterance": "-no"}})
    assert "'=a_id1/x,'-no" in (tmp_path / "corpus.csv").read_text()
    facts = read_corpus_file(tmp_path)
    assert facts["=a_id1/x"].utterance == "-no"
    merge_corpus_file(tmp_path, ["clip", "utterance"], {"=a_id1/x": {"clip": "=a_id1/x", "utterance": "-no"}})
    assert read_corpus_file(tmp_path) == facts
    table = read_subject_table(tmp_path / "corpus.csv", ["=a_id1/x"], tmp_path)
    assert table.subjects == {"=a_id1/x": "id001"}
    fold = dict(zip(("=a", "+b", "'c", "-1", "@e", "f"), [*("train", "dev", "test")] * 2, strict=True))
    write_split(Split((fold,)), tmp_path / "split.csv")
    assert read_split(tmp_path / "split.csv") == Split((fold,))


def test_tables_of_figures_are_written_alike():
    assert as_csv([{"study": "=1+1", "eer": -0.5}]) == "study,eer\n'=1+1,-0.5\n"


_NAME = "two\nlines\x1b[2J\ud800\u2028"
_SHOWN = "two\\nlines\\x1b[2J\\ud800\\u2028"


def test_what_is_printed_stays_on_its_line(capsys):
    say(_NAME)
    say("y" * 200_000)
    tell(Path(_NAME))
    with ClipBar("clips", None, quiet=False) as bar:
        bar.say(_NAME)
    printed = capsys.readouterr()
    assert printed.out == f"{_SHOWN}\n"
    first, long, last = printed.err.splitlines()
    assert first == last == _SHOWN
    assert len(long) < 2_100


def test_what_is_logged_stays_on_its_line():
    code = (
        "import logging, sys; from amber_id import cli; sys.argv = ['amber', '--version']\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "logging.getLogger('amber_id').warning('%s: as it is', 'two\\nlines')\n"
        "logging.getLogger('other').warning('two\\nlines')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == [r"two\nlines: as it is", "two", "lines"]
