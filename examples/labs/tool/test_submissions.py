import csv
import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from check import Grade, TestResult
from course import LabError, all_labs
from cut import cut_lab, text_of
from results import classroom50, gradescope, markdown, terminal, write_all
from submissions import alike, collect, row_of, write_tables

LAB = next(lab for lab in all_labs() if lab.number == 7)
FILE = LAB.files[0]
NAME = Path(FILE).name


def graded(passed: int, builds: bool = True) -> Grade:
    results = [TestResult(test, number < passed, "" if number < passed else "3 is not 4")
               for number, test in enumerate(LAB.tests)]
    return Grade(LAB, results, builds, "" if builds else "x.cpp does not compile", 1.5)


class Collect(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.addCleanup(self.temporary.cleanup)

    def write(self, path: str, text: str = "int x;\n") -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def collected(self):
        return {submission.name: submission for submission in collect(LAB, self.folder)}

    def test_folders_and_single_files_are_matched_by_file_name(self):
        self.write(f"alice/{FILE}")
        self.write(f"bob/{NAME}")
        self.write(f"carol_{NAME}")
        found = self.collected()
        self.assertEqual(sorted(found), ["alice", "bob", "carol"])
        for submission in found.values():
            self.assertEqual(list(submission.files), [FILE])

    def test_a_copy_elsewhere_in_the_folder_does_not_matter_where_one_is_at_its_path(self):
        self.write(f"alice/{FILE}", "right")
        self.write(f"alice/old/{NAME}", "wrong")
        self.assertEqual(self.collected()["alice"].files[FILE].read_text(), "right")

    def test_what_cannot_be_told_apart_or_is_missing_is_said(self):
        self.write(f"alice/1/{NAME}")
        self.write(f"alice/2/{NAME}")
        self.write("bob/essay.txt")
        found = self.collected()
        self.assertIn("several files", found["alice"].problem)
        self.assertIn(f"has no file {NAME}", found["bob"].problem)

    def test_files_of_one_name_take_a_folder(self):
        lab = replace(LAB, files=("tensor/cpu/matmul.cpp", "autograd/ops/matmul.cpp"))
        self.write("alice_matmul.cpp")
        self.write("bob/autograd/ops/matmul.cpp")
        found = {submission.name: submission for submission in collect(lab, self.folder)}
        self.assertIn("hand in a folder", found["alice"].problem)
        self.assertEqual(list(found["bob"].files), ["autograd/ops/matmul.cpp"])

    def test_the_same_text_is_told_whatever_its_layout_but_not_that_of_the_untouched_copy(self):
        holes = cut_lab(LAB)
        untouched = text_of(LAB, holes[0])
        self.write(f"alice/{NAME}", "int f() { return 1; }  // mine")
        self.write(f"bob/{NAME}", "int f() {\n  return 1; /* my own */\n}")
        self.write(f"carol/{NAME}", untouched)
        self.write(f"dave/{NAME}", untouched)
        same = alike(LAB, list(self.collected().values()), holes)
        self.assertEqual(same, {"alice": ["bob"], "bob": ["alice"]})

    def test_an_empty_folder_is_refused(self):
        with self.assertRaisesRegex(LabError, "is empty"):
            collect(LAB, self.folder)

    def test_tables_have_a_row_for_each_submission(self):
        self.write(f"alice/{NAME}")
        rows = [row_of(self.collected()["alice"], graded(2), {"alice": ["bob"]})]
        write_tables(LAB, rows, self.folder)
        with open(self.folder / "grades.csv", newline="") as file:
            head, row = csv.reader(file)
        self.assertEqual(head[:2], ["submission", "points"])
        self.assertEqual(row[:2], ["alice", str(graded(2).points)])
        self.assertEqual(row[-1], "same text as bob")
        self.assertIn("| alice |", (self.folder / "grades.md").read_text())


class Results(unittest.TestCase):
    def test_gradescope_gets_every_test_with_its_status(self):
        given = gradescope(graded(2))
        self.assertEqual(given["score"], sum(test["score"] for test in given["tests"]))
        self.assertEqual([test["status"] for test in given["tests"][:3]],
                         ["passed", "passed", "failed"])
        for test in given["tests"]:
            self.assertLessEqual({"name", "score", "max_score", "status", "output", "visibility"},
                                 set(test))

    def test_classroom_50_gets_what_its_schema_asks_for(self):
        given = classroom50(graded(2), {"CLASSROOM": "dl", "ASSIGNMENT": "lab-07", "OWNER": "alice",
                                        "SUBMISSION_TAG": "submit/1", "COMMIT_URL": "https://c"})
        self.assertEqual(set(given), {
            "schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit",
            "release", "review", "datetime", "graded_at", "score", "max-score", "tests"})
        self.assertEqual(given["schema"], "classroom50/result/v1")
        self.assertEqual((given["owner"], given["review"]), ("alice", "https://c"))
        self.assertRegex(given["datetime"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(given["max-score"], LAB.points)
        for test in given["tests"]:
            self.assertIs(type(test["score"]), int)
            self.assertLessEqual(test["score"], test["max-score"])
            self.assertEqual(test["passed"], test["score"] == test["max-score"])

    def test_without_the_runner_the_tag_still_has_the_form_that_the_schema_asks_for(self):
        self.assertTrue(classroom50(graded(0), {})["submission"].startswith("submit/"))

    def test_one_that_does_not_build_lists_all_tests_with_no_points(self):
        given = graded(0, builds=False)
        self.assertIn("0 of 20 points", terminal(given))
        self.assertEqual(terminal(given).count("FAILED"), len(LAB.tests))
        self.assertIn("x.cpp does not compile", markdown(given))

    def test_all_files_are_written(self):
        with tempfile.TemporaryDirectory() as folder:
            write_all(graded(2), Path(folder))
            self.assertEqual(json.loads((Path(folder) / "report.json").read_text())["lab"], 7)
            for name in ("report.md", "results/results.json", "results/result.json"):
                self.assertTrue((Path(folder) / name).is_file(), name)


if __name__ == "__main__":
    unittest.main()
