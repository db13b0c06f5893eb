#pragma once
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Drawings for the chapters, as text that is the same on every machine: lengths in pixels, with
/// one decimal, y downwards. They have a light ground of their own, so that they can be read on a
/// dark page, too.
namespace kintsugi::figures {

namespace colour {
constexpr const char* kGround = "#fbfbf8";
constexpr const char* kInk = "#22272e";
constexpr const char* kGrey = "#8a919b";
constexpr const char* kPale = "#e4e6e8";
constexpr const char* kBlue = "#2f6db5";
constexpr const char* kOrange = "#d9702a";
constexpr const char* kGreen = "#3d8f5f";
constexpr const char* kGold = "#f2cf66";
}  // namespace colour

struct Point {
  double x = 0, y = 0;
};

struct Stroke {
  std::string colour = colour::kInk;
  double width = 1;
  std::string dashes{};  ///< "4 3", or empty for a whole line
};

struct TextStyle {
  double size = 13;
  std::string colour = colour::kInk;
  std::string anchor = "start";  ///< or middle, end
  bool bold = false;
};

/// 0 is `low`, 1 is `high`, in between a mixture; each is "#rrggbb".
inline std::string mix(std::string_view low, std::string_view high, double share) {
  std::string result = "#";
  for (size_t i = 1; i < 7; i += 2) {
    const auto channel = [i](std::string_view text) {
      return std::stoi(std::string(text.substr(i, 2)), nullptr, 16);
    };
    const double value = channel(low) + share * (channel(high) - channel(low));
    result += fmt::format("{:02x}", static_cast<int>(value + 0.5));
  }
  return result;
}

class Drawing {
 public:
  /// `title` is what readers hear who do not see the picture.
  Drawing(double width, double height, const std::string& title) {
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"Helvetica, Arial, sans-serif\">\n<title>{2}</title>\n",
        width, height, escaped(title));
    rectangle({0, 0}, width, height, colour::kGround);
  }

  void rectangle(Point corner, double width, double height, std::string_view fill,
                 std::string_view edge = "none") {
    put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" "
        "stroke=\"{}\"/>\n",
        corner.x, corner.y, width, height, fill, edge);
  }
  void ellipse(Point centre, double rx, double ry, std::string_view fill, std::string_view edge) {
    put("<ellipse cx=\"{:.1f}\" cy=\"{:.1f}\" rx=\"{:.1f}\" ry=\"{:.1f}\" fill=\"{}\" "
        "stroke=\"{}\"/>\n",
        centre.x, centre.y, rx, ry, fill, edge);
  }
  void line(Point from, Point to, const Stroke& stroke = {}) { path({from, to}, stroke); }
  void path(const std::vector<Point>& points, const Stroke& stroke = {}) {
    put("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-dasharray=\"{}\" "
        "points=\"",
        stroke.colour, stroke.width, stroke.dashes.empty() ? "none" : stroke.dashes);
    for (const Point& point : points) put("{:.1f},{:.1f} ", point.x, point.y);
    put("\"/>\n");
  }
  /// y is the line that the letters stand on.
  void text(Point at, std::string_view words, const TextStyle& style = {}) {
    put("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{}\"{}>{}"
        "</text>\n",
        at.x, at.y, style.size, style.colour, style.anchor,
        style.bold ? " font-weight=\"bold\"" : "", escaped(words));
  }

  /// Writes folder/name.svg.
  void save(const std::filesystem::path& folder, const std::string& name) const {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / (name + ".svg")) << text_ << "</svg>\n";
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  static std::string escaped(std::string_view words) {
    std::string result;
    for (char letter : words)
      result += letter == '<' ? "&lt;" : letter == '&' ? "&amp;" : std::string(1, letter);
    return result;
  }

  std::string text_;
};

}  // namespace kintsugi::figures
