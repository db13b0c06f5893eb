import unittest

from check import check_fences
from document import Document
from links import anchors, slug


def document(text, path="docs/page.md"):
    return Document(path, text)


def messages(text):
    return [(finding.line, finding.message) for finding in check_fences(document(text))]


class Fences(unittest.TestCase):
    def test_a_fence_knows_its_language_lines_and_directive(self):
        page = document("a\n\n<!-- listing: x.cpp | f( | } -->\n```cpp\nint x;\n\n```\n")
        fence, = page.fences
        self.assertEqual((fence.language, fence.lines, fence.line), ("cpp", ["int x;", ""], 4))
        self.assertEqual((fence.kind, fence.directive.argument), ("listing", "x.cpp | f( | }"))

    def test_a_fence_in_a_list_loses_the_indentation_of_the_list(self):
        page = document("1. a\n   <!-- run -->\n   ```sh\n   ls\n     -l\n   ```\n")
        self.assertEqual(page.fences[0].lines, ["ls", "  -l"])
        self.assertEqual(page.replace(page.fences[0], ["pwd", "", "x"]),
                         "1. a\n   <!-- run -->\n   ```sh\n   pwd\n\n   x\n   ```\n")

    def test_a_longer_fence_may_hold_a_shorter_one(self):
        page = document("````text\n```\nx\n```\n````\n")
        self.assertEqual(page.fences[0].lines, ["```", "x", "```"])

    def test_a_bare_fence_of_commands_or_cpp_is_refused(self):
        self.assertEqual([line for line, _ in messages("```sh\nls\n```\n\n```cpp\nx\n```\n")], [1, 5])
        self.assertEqual(messages("```text\nx\n```\n```json\n{}\n```\n"), [])

    def test_other_spellings_of_a_language_are_refused(self):
        self.assertEqual(messages("```bash\nls\n```\n"), [(1, "write ```sh, not ```bash")])

    def test_what_is_not_run_says_why(self):
        self.assertEqual(messages("<!-- not run: takes an hour -->\n```sh\nx\n```\n"), [])
        (line, message), = messages("<!-- not run -->\n```sh\nx\n```\n")
        self.assertEqual(line, 1)
        self.assertIn("needs a reason", message)

    def test_a_directive_above_no_fence_is_a_finding(self):
        (line, message), = messages("\n<!-- run -->\n\nwords\n")
        self.assertEqual(line, 2)
        self.assertIn("no fence", message)

    def test_an_output_belongs_to_a_program_or_a_command(self):
        self.assertEqual(messages("<!-- run -->\n```sh\nls\n```\n\nIt says\n\n"
                                  "<!-- output -->\n```text\nx\n```\n"), [])
        self.assertEqual(len(messages("<!-- output -->\n```text\nx\n```\n")), 1)

    def test_a_fence_without_an_end_is_a_finding(self):
        self.assertEqual(messages("a\n```text\nx\n"), [(2, "the fence does not end")])


class Headings(unittest.TestCase):
    def test_slugs_are_those_of_github(self):
        self.assertEqual(slug("What it costs: rounding"), "what-it-costs-rounding")
        self.assertEqual(slug("F(2, 3), by hand"), "f2-3-by-hand")
        self.assertEqual(slug("`conv2d` & [its](x.md) gradient"), "conv2d--its-gradient")

    def test_a_second_heading_of_the_same_name_is_numbered(self):
        self.assertEqual(anchors(document("# A\n## B\n## B\n```text\n# C\n```\n")), {"a", "b", "b-1"})


if __name__ == "__main__":
    unittest.main()
