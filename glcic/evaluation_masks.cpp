#include "glcic/evaluation_masks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

constexpr int kAttempts = 1000;

struct NamedRule {
  HoleRule rule;
  const char* name;
};
constexpr std::array<NamedRule, 5> kRules{{{HoleRule::free_form_bins, "free-form-bins"},
                                           {HoleRule::bins, "bins"},
                                           {HoleRule::free_form, "free-form"},
                                           {HoleRule::centre, "centre"},
                                           {HoleRule::random, "random"}}};

HoleRange sides_of(const HoleOptions& options, int64_t size) {
  return options.sides == HoleRange{} ? default_hole_range(size) : options.sides;
}

bool lies_in(const HoleBin& bin, double area, int64_t size) {
  const double share = area / static_cast<double>(size * size);
  return share >= bin.low && share < bin.high;
}

/// A rectangle whose area and proportions are drawn; none where it leaves the bin.
std::optional<Hole> drawn_rectangle(const HoleBin& bin, int64_t size, Generator& generator) {
  const double area =
      generator.uniform(bin.low, bin.high) * static_cast<double>(size) * static_cast<double>(size);
  const double proportion = std::exp(generator.uniform(-1.0, 1.0) * std::numbers::ln2);
  Hole hole;
  hole.width = std::clamp<int64_t>(std::llround(std::sqrt(area * proportion)), 1, size);
  hole.height = std::clamp<int64_t>(std::llround(area / static_cast<double>(hole.width)), 1, size);
  if (!lies_in(bin, static_cast<double>(hole.width * hole.height), size)) return std::nullopt;
  hole.x = generator.integer(0, size - hole.width);
  hole.y = generator.integer(0, size - hole.height);
  return hole;
}

/// Strokes until the bin is reached; none where one leaps past it.
std::optional<Tensor> drawn_strokes(const HoleBin& bin, int64_t size, Generator& generator) {
  constexpr FreeFormOptions kOneStroke{.min_strokes = 1, .max_strokes = 1};
  const Tensor mask = Tensor::empty({size, size, 1});
  float* pixels = mask.data<float>();
  std::fill_n(pixels, mask.numel(), 0.0f);
  for (;;) {
    const Tensor stroke = free_form_mask(size, size, generator, kOneStroke);
    double area = 0.0;
    for (int64_t i = 0; i < mask.numel(); ++i)
      area += pixels[i] = std::max(pixels[i], stroke.data<float>()[i]);
    if (lies_in(bin, area, size)) return mask;
    if (area >= bin.high * static_cast<double>(size * size)) return std::nullopt;
  }
}

std::optional<Tensor> drawn_mask(HoleRule rule, const HoleBin& bin, int64_t size,
                                 Generator& generator) {
  if (rule == HoleRule::free_form_bins) return drawn_strokes(bin, size, generator);
  const std::optional<Hole> hole = drawn_rectangle(bin, size, generator);
  if (!hole) return std::nullopt;
  return mask_from_holes({&*hole, 1}, size, size);
}

Tensor mask_of_bin(HoleRule rule, const HoleBin& bin, int64_t size, Generator& generator) {
  for (int attempt = 0; attempt < kAttempts; ++attempt)
    if (const std::optional<Tensor> mask = drawn_mask(rule, bin, size, generator)) return *mask;
  throw Error(fmt::format("evaluation_mask: no hole of {} was found in pictures of {} x {} pixels",
                          bin.name, size, size));
}

}  // namespace

HoleRule hole_rule_from_string(const std::string& name) {
  for (const NamedRule& known : kRules)
    if (name == known.name) return known.rule;
  throw Error(fmt::format(
      "\"{}\" is not a rule for holes: there are free-form-bins, bins, free-form, centre or random",
      name));
}

std::string to_string(HoleRule rule) {
  const auto* known = std::find_if(kRules.begin(), kRules.end(),
                                   [&](const NamedRule& named) { return named.rule == rule; });
  return known->name;
}

const std::vector<HoleBin>& hole_bins(HoleRule rule) {
  static const std::vector<HoleBin> none;
  static const std::vector<HoleBin> bins{
      {"10-20 %", 0.1, 0.2}, {"20-30 %", 0.2, 0.3}, {"30-40 %", 0.3, 0.4}, {"40-50 %", 0.4, 0.5}};
  return rule == HoleRule::bins || rule == HoleRule::free_form_bins ? bins : none;
}

Tensor evaluation_mask(const HoleOptions& options, int64_t size, int64_t index, size_t bin) {
  const std::vector<HoleBin>& bins = hole_bins(options.rule);
  check(bins.empty() ? bin == 0 : bin < bins.size(), "evaluation_mask: there is no bin {} of holes",
        bin);
  const uint64_t group = bins.empty() ? 0 : bin + 1;
  Generator generator{.seed = options.seed, .stream = group << 32 | static_cast<uint64_t>(index)};
  Hole hole;
  switch (options.rule) {
    case HoleRule::centre:
      hole = centre_hole(size);
      return mask_from_holes({&hole, 1}, size, size);
    case HoleRule::random:
      hole = random_hole(sides_of(options, size), size, size, generator);
      return mask_from_holes({&hole, 1}, size, size);
    case HoleRule::free_form:
      return free_form_mask(size, size, generator);
    default:
      return mask_of_bin(options.rule, bins[bin], size, generator);
  }
}

std::string describe(const HoleOptions& options, int64_t size) {
  const std::string seeded = fmt::format(", drawn for each picture, seed {}", options.seed);
  const HoleRange sides = sides_of(options, size);
  switch (options.rule) {
    case HoleRule::centre:
      return fmt::format("the centre square of {} px", size / 2);
    case HoleRule::random:
      return fmt::format("rectangles with sides of {} to {} px{}", sides.low, sides.high, seeded);
    case HoleRule::free_form:
      return "strokes of a brush" + seeded;
    case HoleRule::bins:
      return "for each bin of areas a rectangle of proportions 1:2 to 2:1" + seeded;
    default:
      return "for each bin of areas strokes of a brush" + seeded;
  }
}

}  // namespace kintsugi
