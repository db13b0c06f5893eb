#include "glcic/text_table.h"

#include <fmt/core.h>

#include <algorithm>

namespace kintsugi {
namespace {

/// Characters, not bytes, of UTF-8.
size_t length(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

}  // namespace

std::string as_text(const TextTable& table) {
  std::vector<size_t> widths(table.header.size(), 0);
  const auto widen = [&](const std::vector<std::string>& row) {
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], length(row[c]));
  };
  widen(table.header);
  for (const auto& row : table.rows) widen(row);
  const auto line = [&](const std::vector<std::string>& row) {
    std::string text = row[0] + std::string(widths[0] - length(row[0]), ' ');
    for (size_t c = 1; c < row.size(); ++c)
      text += std::string(2 + widths[c] - length(row[c]), ' ') + row[c];
    return text + "\n";
  };
  std::string text = line(table.header);
  for (const auto& row : table.rows) text += line(row);
  return text;
}

std::string as_markdown(const TextTable& table) {
  const auto line = [](const std::vector<std::string>& row) {
    std::string text = "|";
    for (const std::string& cell : row) text += fmt::format(" {} |", as_markdown_cell(cell));
    return text + "\n";
  };
  std::string text = line(table.header) + "|---|";
  for (size_t c = 1; c < table.header.size(); ++c) text += "---:|";
  text += "\n";
  for (const auto& row : table.rows) text += line(row);
  return text;
}

std::string as_markdown_cell(const std::string& text) {
  std::string cell;
  for (const char c : text)
    if (c == '|')
      cell += "\\|";
    else
      cell += c == '\n' ? ' ' : c;
  return cell;
}

}  // namespace kintsugi
