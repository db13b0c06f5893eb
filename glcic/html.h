#pragma once
#include <string>
#include <string_view>

namespace kintsugi {

/// RFC 4648, §4.
std::string base64(std::string_view bytes);

/// The text with <, >, & and " as entities: it can stand in an element or in an attribute's quotes.
std::string html_text(std::string_view text);

}  // namespace kintsugi
