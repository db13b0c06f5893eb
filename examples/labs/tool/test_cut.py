import unittest
from dataclasses import replace

from course import LabError, all_labs
from cut import CutFile, cut_lab, reference, split, text_of

SOURCE = """int twice(int x) {
  // lab 5: begin two times x
  return 2 * x;
  // lab 5: end
}
// lab 5: hide
// Twice is x + x.
// lab 5: end
// lab 6: begin
int thrice(int x) { return 3 * x; }
// lab 6: end
__global__ void kernel(int* y) {
  // lab 5: begin
  // lab 5: instead (void)y;
  *y = 1;
  // lab 5: end
}
"""


def cut(text: str) -> CutFile:
    file = CutFile("a.cpp", split(text, 5, "a.cpp"))
    for number, hole in enumerate(file.parts(), 1):
        hole.number = number
    return file


class Cut(unittest.TestCase):
    def setUp(self):
        self.lab = replace(all_labs()[0], number=5, title="Twice")

    def test_a_hole_throws_and_says_what_belongs_there(self):
        text = text_of(self.lab, cut(SOURCE))
        self.assertIn("  // Lab 5, part 1: two times x.\n"
                      '  throw std::logic_error("lab 5, part 1: not written yet");\n', text)
        self.assertNotIn("2 * x", text)

    def test_instead_lines_stand_in_the_place_of_the_throw(self):
        text = text_of(self.lab, cut(SOURCE))
        self.assertIn("  // Lab 5, part 2.\n  (void)y;\n}", text)

    def test_hidden_lines_vanish_and_other_labs_lose_their_markers_only(self):
        text = text_of(self.lab, cut(SOURCE))
        self.assertNotIn("x + x", text)
        self.assertIn("int thrice(int x) { return 3 * x; }", text)
        self.assertNotIn("// lab 6", text)
        self.assertNotIn("// lab 5", text)

    def test_the_solutions_in_their_places_are_the_source_without_markers(self):
        file = cut(SOURCE)
        text = text_of(self.lab, file, reference([file]))
        bare = [line for line in SOURCE.splitlines() if "// lab " not in line]
        self.assertEqual(text.splitlines()[2:], bare)

    def test_markers_that_do_not_pair_are_refused(self):
        for text, what in (("// lab 5: begin\n", "has no end"),
                           ("// lab 5: end\n", "without a 'begin'"),
                           ("// lab 5: begin\n// lab 5: hide\n// lab 5: end\n", "within another")):
            with self.assertRaisesRegex(LabError, what):
                split(text, 5, "a.cpp")

    def test_every_lab_can_be_cut(self):
        for lab in all_labs():
            files = cut_lab(lab)
            numbers = [hole.number for file in files for hole in file.parts()]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
            for file in files:
                self.assertIn(f"lab {lab.number}, part", text_of(lab, file))
