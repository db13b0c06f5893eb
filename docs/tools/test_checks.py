import tempfile
import unittest
from pathlib import Path

import links
import listings
import outputs
from document import ROOT, Document
from figures import same_drawing
from programs import expected_status
from refresh import refreshed
from running import run

SOURCE = """#include <x>

// f doubles.
template <class T>
T f(T x) {
  if (x) {
    return x + x;
  }
  // lab 3: begin
  return 0;
  // lab 3: end
}

struct S {
  int f;
};
"""


class Drawings(unittest.TestCase):
    DRAWN = ('<svg viewBox="0 0 640 400"><path d="M10.5,20.25 L30,40.1"/><text>a 1.5</text>'
             '<rect fill="#12ab34"/></svg>')

    def test_rounding_is_no_change(self):
        self.assertTrue(same_drawing(self.DRAWN, self.DRAWN))
        self.assertTrue(same_drawing(self.DRAWN, self.DRAWN.replace("L30,", "L30.1,")))

    def test_everything_else_is(self):
        for old, new in [("L30,", "L130,"), ("a 1.5", "b 1.5"), ("#12", "#13"), (" L30,40.1", "")]:
            self.assertFalse(same_drawing(self.DRAWN, self.DRAWN.replace(old, new)), old)


class Tree(unittest.TestCase):
    """Tests that read a small tree of their own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "tensor").mkdir()
        (self.root / "docs").mkdir()
        (self.root / "tensor/f.cpp").write_text(SOURCE)
        (self.root / "docs/b.md").write_text("# First\n## Then, more\n")


class Listings(Tree):
    def excerpt(self, argument):
        return listings.excerpt(argument, self.root)

    def test_from_the_first_text_to_the_last(self):
        self.assertEqual(self.excerpt("tensor/f.cpp | if (x) | return x + x"),
                         ["if (x) {", "  return x + x;"])

    def test_a_closing_brace_is_the_one_at_the_first_lines_indentation(self):
        self.assertEqual(self.excerpt("tensor/f.cpp | T f( | }")[-1], "}")
        self.assertEqual(self.excerpt("tensor/f.cpp | if (x) | }")[-1], "}")
        self.assertEqual(self.excerpt("tensor/f.cpp | struct S | }"), ["struct S {", "  int f;", "};"])

    def test_markers_of_labs_are_left_out(self):
        self.assertNotIn("lab", "".join(self.excerpt("tensor/f.cpp | T f( | }")))

    def test_a_file_alone_is_listed_whole(self):
        self.assertEqual(len(self.excerpt("tensor/f.cpp")), len(SOURCE.splitlines()) - 2)

    def test_what_is_not_there_is_named(self):
        for argument, words in (("tensor/g.cpp | a | b", "no file tensor/g.cpp"),
                                ("tensor/f.cpp | int g | }", "no line with 'int g'"),
                                ("tensor/f.cpp | struct S | nix", "no line with 'nix' after"),
                                ("tensor/f.cpp | a", "a listing is")):
            with self.assertRaisesRegex(listings.ListingError, words):
                self.excerpt(argument)


class RealSources(unittest.TestCase):
    PAGE = ("<!-- listing: autograd/ops/relu.cpp | Variable relu( | } -->\n```cpp\nold\n```\n"
            "<!-- listing: autograd/ops/relu.cpp | Variable relu( | Variable relu( -->\n"
            "```cpp\n```\n")

    def test_a_stale_listing_is_found_and_refreshed(self):
        page = Document("docs/page.md", self.PAGE)
        self.assertEqual([finding.line for finding in listings.check(page)], [2, 6])
        page, changed, findings = refreshed(page)
        self.assertEqual((changed, findings), (2, []))
        self.assertEqual(list(listings.check(page)), [])


class Links(Tree):
    def faults(self, text):
        page = Document("docs/a.md", text)
        return [finding.message for finding in links.check(page, self.root)]

    def test_what_is_there_passes(self):
        self.assertEqual(self.faults("# Top\n[a](b.md) [b](b.md#then-more) [c](#top) "
                                     "[d](../tensor/f.cpp#L4-L5) [e](../tensor/) "
                                     "[f](https://example.org/x) [g](mailto:a@b.c)"), [])

    def test_what_is_not_there_does_not(self):
        for link, words in (("c.md", "there is no docs/c.md"), ("b.md#no", "no heading #no"),
                            ("#no", "no heading #no"), ("../tensor/f.cpp#L99", "no #L99"),
                            ("../tensor/f.cpp#f", "an anchor in a source"),
                            ("../../x", "outside"), ("../build/x", "there is no build/x")):
            message, = self.faults(f"[a]({link})")
            self.assertIn(words, message)

    def test_a_line_is_held_to_what_the_title_says(self):
        self.assertEqual(self.faults('[a](../tensor/f.cpp#L5 "T f(T x)")'), [])
        self.assertEqual(len(self.faults('[a](../tensor/f.cpp#L4 "T f(T x)")')), 1)

    def test_code_is_no_link(self):
        self.assertEqual(self.faults("`a[i](x)`\n```text\n[a](b)\n```\n"), [])

    def test_pictures_and_references_are_links(self):
        self.assertEqual(len(self.faults('![a](x.svg)\n<img src="y.svg">\n\n[z]: z.md\n')), 3)


class Outputs(unittest.TestCase):
    def same(self, expected, got, numbers_differ=False):
        return outputs.first_difference(expected.splitlines(), got.splitlines(),
                                        numbers_differ) is None

    def test_equal_but_for_space_at_the_ends(self):
        self.assertTrue(self.same("a\nb", "a \nb\n\n"))
        self.assertFalse(self.same("a\nb", "a\nc"))
        self.assertFalse(self.same("a", "a\nb"))
        self.assertFalse(self.same("a\nb", "a"))

    def test_dots_stand_for_any_lines(self):
        self.assertTrue(self.same("a\n…\nz", "a\nb\nz\nz"))
        self.assertTrue(self.same("a\n…", "a"))
        self.assertTrue(self.same("…\nz", "z"))
        self.assertFalse(self.same("a\n…\nz", "a\nb"))

    def test_numbers_may_differ_but_words_may_not(self):
        self.assertTrue(self.same("loss  1.5e-07 of 3", "loss 22 of -4.25", True))
        self.assertTrue(self.same("at 0x7ffc01", "at 0x1b", True))
        self.assertFalse(self.same("loss 1", "cost 1", True))
        self.assertFalse(self.same("loss 1", "loss 2"))

    def test_the_difference_is_named_with_its_line(self):
        self.assertEqual(outputs.first_difference(["a", "b", "c"], ["a", "x", "c"]), (1, "x"))


class Options(unittest.TestCase):
    def test_a_status_may_be_expected(self):
        self.assertEqual([expected_status(text) for text in ("", "status 2", "whatever")],
                         [0, 2, None])


class Running(unittest.TestCase):
    def test_paths_are_as_from_the_checkout(self):
        self.assertEqual(run(["echo", f"{ROOT}/docs/x.md:1"], "/tmp", 5).output, "docs/x.md:1\n")

    def test_what_does_not_end_is_ended(self):
        self.assertIsNone(run(["sh", "-c", "sleep 60 & sleep 60"], "/", 0.2).status)

    def test_output_and_errors_come_together(self):
        self.assertEqual(run(["sh", "-c", "echo a; echo b >&2; exit 3"], "/", 5), (3, "a\nb\n"))


if __name__ == "__main__":
    unittest.main()
