#include "layers/summary.h"

#include <fmt/format.h>

#include <algorithm>

namespace kintsugi {

namespace {

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
int64_t ceil_divide(int64_t a, int64_t b) { return -floor_divide(-a, b); }

}  // namespace

Interval inputs_of(const Footprint& step, const Interval& outputs) {
  int64_t reach = step.dilation * (step.kernel - 1);
  // lab 6: begin the inputs of a convolution, where `step` is not transposed
  // lab 6: instead if (!step.transposed) throw std::logic_error("lab 6, part 4: not written yet");
  if (!step.transposed)
    return {outputs.first * step.stride - step.padding,
            outputs.last * step.stride - step.padding + reach};
  // lab 6: end
  // Input i reaches the outputs i·stride − padding … + reach.
  return {ceil_divide(outputs.first + step.padding - reach, step.stride),
          floor_divide(outputs.last + step.padding, step.stride)};
}

namespace {

int64_t seen_from(int64_t pixel, const std::vector<Footprint>& footprints) {
  // lab 6: begin how many inputs of the first step this output of the last one looks at
  Interval seen{pixel, pixel};
  for (auto step = footprints.rbegin(); step != footprints.rend(); ++step) {
    seen = inputs_of(*step, seen);
    if (seen.last < seen.first) return 0;
  }
  return seen.last - seen.first + 1;
  // lab 6: end
}

std::string thousands(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto place = static_cast<int64_t>(digits.size()) - 3; place > 0; place -= 3)
    digits.insert(digits.begin() + place, ',');
  return digits;
}

std::string millions(int64_t count) {
  return fmt::format("{:.1f}", static_cast<double>(count) / 1e6);
}

}  // namespace

int64_t receptive_field(const std::vector<Footprint>& footprints) {
  int64_t alignments = 1;  // outputs this far apart see intervals of the same width
  for (const Footprint& step : footprints)
    if (step.transposed) alignments *= step.stride;
  int64_t widest = 0;
  for (int64_t pixel = 0; pixel < alignments; ++pixel)
    widest = std::max(widest, seen_from(pixel, footprints));
  return widest;
}

std::vector<LayerSummary> summarise(const NamedModules& layers, const Shape& input) {
  std::vector<LayerSummary> rows;
  std::vector<Footprint> footprints;
  Shape shape = input;
  for (const auto& [name, layer] : layers) {
    LayerSummary row{.name = name, .kind = layer->describe(), .output = layer->output_shape(shape)};
    row.parameters = layer->parameter_count();
    row.multiply_adds = layer->multiply_adds(shape);
    std::vector<Footprint> more = layer->footprints();
    footprints.insert(footprints.end(), more.begin(), more.end());
    bool sees_all = input.rank() == 4 && row.output.rank() < 4;
    row.receptive_field = sees_all ? std::max(input[1], input[2]) : receptive_field(footprints);
    shape = row.output;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string summary_table(const NamedModules& layers, const Shape& input) {
  std::vector<std::vector<std::string>> lines{
      {"layer", "kind", "output", "parameters", "million multiply-adds", "receptive field"}};
  int64_t parameters = 0, multiply_adds = 0;
  for (const LayerSummary& row : summarise(layers, input)) {
    lines.push_back({row.name, row.kind, row.output.str(), thousands(row.parameters),
                     millions(row.multiply_adds), std::to_string(row.receptive_field)});
    parameters += row.parameters;
    multiply_adds += row.multiply_adds;
  }
  lines.push_back({"total", "", "", thousands(parameters), millions(multiply_adds), ""});

  // Widths in characters, since "→" is three bytes long.
  auto width_of = [](const std::string& text) {
    return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  };
  std::vector<int64_t> widths(lines[0].size());
  for (const auto& line : lines)
    for (size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max<int64_t>(widths[i], width_of(line[i]));
  std::string table;
  for (const auto& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      std::string space(static_cast<size_t>(widths[i] - width_of(line[i])), ' ');
      bool is_number = i >= 3;
      text += (i > 0 ? "  " : "") + (is_number ? space + line[i] : line[i] + space);
    }
    table += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return table;
}

}  // namespace kintsugi
