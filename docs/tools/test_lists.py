import unittest

from lists import reindented


class Lists(unittest.TestCase):
    def test_what_belongs_to_an_item_is_indented_by_four(self):
        self.assertEqual(reindented("1. a\n   b\n\n   c\n\n   ```text\n   x\n     y\n   ```\n"),
                         "1. a\n   b\n\n    c\n\n    ```text\n    x\n      y\n    ```\n")

    def test_lists_in_lists(self):
        self.assertEqual(reindented("- a\n  - b\n\n    c\n- d\n"),
                         "- a\n    - b\n\n        c\n- d\n")

    def test_a_list_right_below_a_paragraph_is_a_list(self):
        self.assertEqual(reindented("a:\n- b\n- c\n"), "a:\n\n- b\n- c\n")

    def test_what_is_no_list_stays(self):
        text = "a\n\n    code\n\n```text\n- x\n  - y\n```\n\n  b\n"
        self.assertEqual(reindented(text), text)

    def test_a_list_ends_at_the_margin(self):
        self.assertEqual(reindented("10. a\n\n    b\n\nc\n\n    code\n"),
                         "10. a\n\n    b\n\nc\n\n    code\n")


if __name__ == "__main__":
    unittest.main()
