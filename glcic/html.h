#pragma once
#include <string>
#include <string_view>

namespace kintsugi {

/// RFC 4648, §4.
std::string base64(std::string_view bytes);

/// The address of a picture that lies in the page itself (RFC 2397), the bytes of a file in
/// `format`, "png" or "jpeg".
std::string picture_address(std::string_view format, std::string_view bytes);

/// The text with <, >, & and " as entities: it can stand in an element or in an attribute's quotes.
std::string html_text(std::string_view text);

}  // namespace kintsugi
