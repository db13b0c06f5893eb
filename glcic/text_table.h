#pragma once
#include <string>
#include <vector>

namespace kintsugi {

/// A table of words: a header, then rows of the same length; the first column names the rows.
struct TextTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

/// In columns of equal width, the first aligned left, the others right; UTF-8 counts by character.
std::string as_text(const TextTable& table);
/// As a Markdown table, aligned likewise.
std::string as_markdown(const TextTable& table);
/// On one line, with nothing in it that Markdown takes for the end of a cell.
std::string as_markdown_cell(const std::string& text);

}  // namespace kintsugi
